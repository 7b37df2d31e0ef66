import { locate } from '#artifacts/store'
import type { FileInput } from '../data/fileHandle.js'
import type { NpyArray, NpyData } from '../data/npy.js'
import { readNpz, writeNpz } from '../data/npz.js'
import type { Codes } from '../inference/codes.js'
import { ConfigurationError, FileFormatError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape } from '../tensor/tensor.js'
import { type ArrayOf, type Dtype, type StoredTensor, storedTensor } from './safetensors.js'

/*
 * Codes as `scipy.sparse.save_npz` writes a CSR matrix: arrays data, indices, indptr, shape and format = b"csr" in an npz
 * file, with further arrays (energies, gaps, means of the observations) beside them.
 */

/** Codes with what was saved beside them. */
export interface SavedCodes {
  /** What the file is called, for messages. */
  readonly file: string
  readonly codes: Codes
  readonly arrays: Readonly<Record<string, StoredTensor>>
}

const reserved: readonly string[] = ['data', 'indices', 'indptr', 'shape', 'format']

/** Throws {@link ConfigurationError} where an array beside the codes has a name that scipy uses, or that is no file's name. */
export function checkArrayNames(names: readonly string[]): void {
  const wrong = names.find((name) => reserved.includes(name) || !/^\w+$/.test(name))
  if (wrong !== undefined) {
    throw new ConfigurationError(
      `An array saved with codes cannot be called ${JSON.stringify(wrong)}; use letters, digits and _, and none of ${reserved.join(', ')}.`,
    )
  }
}

/** Throws {@link ShapeError} where more coefficients are active than positions of 32 bits can count. */
export function checkActive(active: number): void {
  if (active >= 2 ** 31) {
    throw new ShapeError(
      `Codes with ${active} active coefficients do not go into one file, which takes up to ${2 ** 31 - 1}; encode the observations in several parts, or with a larger lambda.`,
    )
  }
}

/** What is wrong with codes, as the end of a sentence; undefined where they are well-formed. */
export function flawOf({ shape: [count, atoms], indptr, indices, values }: Codes): string | undefined {
  if (indptr.length !== count + 1)
    return `${count} observations need ${count + 1} row positions, and there are ${indptr.length}`
  if (indices.length !== values.length) return `there are ${indices.length} indices for ${values.length} values`
  if (indptr[0] !== 0) return `the first row position is ${indptr[0]}, not 0`
  if (indptr[count] !== indices.length)
    return `the last row position is ${indptr[count]}, and there are ${indices.length} indices`
  for (let i = 0; i < count; i++) {
    if (indptr[i] > indptr[i + 1]) return `the row positions fall from ${indptr[i]} to ${indptr[i + 1]} at row ${i}`
  }
  for (let i = 0; i < count; i++) {
    for (let at = indptr[i]; at < indptr[i + 1]; at++) {
      const index = indices[at]
      if (index < 0 || index >= atoms) return `row ${i} has the index ${index}, outside 0 to ${atoms - 1}`
      if (at > indptr[i] && index <= indices[at - 1]) return `the indices of row ${i} do not increase`
      if (!Number.isFinite(values[at])) return `row ${i} has the value ${values[at]}`
    }
  }
  return undefined
}

/**
 * Codes, with further arrays beside them, as the bytes of an npz file that `scipy.sparse.load_npz` and `numpy.load` read.
 * Throws {@link ShapeError} where the codes are malformed, {@link ConfigurationError} for a name that scipy uses. For many
 * observations use `codesWriter`, which does not hold them all.
 */
export async function encodeCodes(
  codes: Codes,
  arrays: Readonly<Record<string, StoredTensor>> = {},
): Promise<Uint8Array> {
  checkArrayNames(Object.keys(arrays))
  checkActive(codes.indices.length)
  const flaw = flawOf(codes)
  if (flaw !== undefined) throw new ShapeError(`These codes cannot be saved: ${flaw}.`)
  const { shape, indptr, indices, values } = codes
  return writeNpz({
    ...arrays,
    indices: { shape: [indices.length], data: indices },
    indptr: { shape: [indptr.length], data: indptr },
    format: { shape: [], data: 'csr' },
    shape: { shape: [2], data: BigInt64Array.from(shape, BigInt) },
    data: { shape: [values.length], data: values },
  })
}

/** Writes {@link encodeCodes} to a path: at once, or not at all. */
export async function writeCodes(
  path: string,
  codes: Codes,
  arrays: Readonly<Record<string, StoredTensor>> = {},
): Promise<void> {
  const { store, name } = locate(path)
  await store.writeAtomic(name, await encodeCodes(codes, arrays))
}

/**
 * Reads codes that this or scipy wrote, whole. Values of other number types are rounded to single precision; texts beside
 * the codes are left out. Throws {@link FileFormatError} where the file is damaged, holds another sparse format, or where
 * positions, indices and sizes contradict each other or values are not finite.
 */
export async function readCodes(input: FileInput): Promise<SavedCodes> {
  const file = typeof input === 'string' ? input : input instanceof Uint8Array ? 'The codes' : nameOf(input)
  const held = await readNpz(await opened(input))
  const refused = (reason: string): FileFormatError =>
    new FileFormatError(
      `${file} does not hold usable codes: ${reason}. Write it again with encode, or with scipy.sparse.save_npz.`,
    )

  for (const name of reserved) {
    if (held[name] === undefined) throw refused(`its array "${name}" is missing`)
  }
  const format = held.format.data
  if (format !== 'csr') {
    const given = typeof format === 'string' ? `"${format}"` : 'of numbers'
    throw refused(`its sparse format is ${given}, and "csr" is needed (in Python: matrix.tocsr())`)
  }
  const [count, atoms] = numbersOf(held.shape, 'shape', 2, refused)
  if (atoms > 0x7fffffff) throw refused(`it promises codes over ${atoms} atoms`)
  const codes: Codes = {
    shape: [count, atoms],
    indptr: toInt32(held.indptr, 'indptr', refused),
    indices: toInt32(held.indices, 'indices', refused),
    values: toFloat32(held.data, refused),
  }
  const flaw = flawOf(codes)
  if (flaw !== undefined) {
    const remedy = flaw.endsWith('do not increase') ? ' (in Python: matrix.sum_duplicates())' : ''
    throw refused(`${flaw}${remedy}`)
  }
  const arrays: [string, StoredTensor][] = []
  for (const [name, { shape, data }] of Object.entries(held)) {
    if (!reserved.includes(name) && typeof data !== 'string') arrays.push([name, storedTensor(data, shape)])
  }
  return { file, codes, arrays: Object.fromEntries(arrays) }
}

/**
 * An array saved beside codes with one row (of shape `row`) an observation. Throws {@link FileFormatError} where it is
 * missing or of another type or shape.
 */
export function columnOf<D extends Dtype>(
  { file, codes, arrays }: SavedCodes,
  name: string,
  dtype: D,
  row: readonly number[] = [],
): ArrayOf[D] {
  const found = Object.hasOwn(arrays, name) ? arrays[name] : undefined
  if (found === undefined) {
    throw new FileFormatError(`${file} has no array "${name}", which is needed here; write it again with encode.`)
  }
  const shape = [codes.shape[0], ...row]
  if (found.dtype !== dtype || !sameShape(found.shape, shape)) {
    throw new FileFormatError(
      `${file} has an array "${name}" of ${found.dtype} ${formatShape(found.shape)}, and ${dtype} ${formatShape(shape)} is needed; write it again with encode.`,
    )
  }
  return found.data as ArrayOf[D] // its dtype was just compared
}

/** A path is read where `locate` finds it: on disk in pieces, in memory whole. */
async function opened(input: FileInput): Promise<FileInput> {
  if (typeof input !== 'string') return input
  const { store, name } = locate(input)
  if (store.kind === 'disk') return input
  return new File([(await store.read(name)) as Uint8Array<ArrayBuffer>], input) // memory of its own is never shared
}

function nameOf(blob: Blob): string {
  return 'name' in blob && typeof blob.name === 'string' && blob.name !== '' ? blob.name : 'The codes'
}

type Refuse = (reason: string) => FileFormatError

/** The whole numbers of a short array. */
function numbersOf({ data }: NpyArray, name: string, length: number, refused: Refuse): number[] {
  const numbers = typeof data === 'string' ? [] : Array.from<number | bigint, number>(data, Number)
  if (numbers.length !== length || !numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw refused(`its array "${name}" does not hold ${length} whole numbers`)
  }
  return numbers
}

function toInt32({ shape, data }: NpyArray, name: string, refused: Refuse): Int32Array {
  if (shape.length !== 1 || typeof data === 'string' || data instanceof Float32Array || data instanceof Float64Array) {
    throw refused(`its array "${name}" is not a row of whole numbers`)
  }
  if (data instanceof Int32Array) return data
  const out = new Int32Array(data.length)
  for (let i = 0; i < data.length; i++) {
    out[i] = Number(data[i])
    if (out[i] !== Number(data[i])) throw refused(`its array "${name}" holds ${data[i]}, beyond 32 bits`)
  }
  return out
}

function toFloat32({ shape, data }: NpyArray, refused: Refuse): Float32Array {
  if (shape.length !== 1 || typeof data === 'string') throw refused('its array "data" is not a row of numbers')
  if (data instanceof Float32Array) return data
  return Float32Array.from<number | bigint>(data satisfies Exclude<NpyData, string>, Number)
}
