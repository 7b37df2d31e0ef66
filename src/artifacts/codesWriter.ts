import { locate } from '#artifacts/store'
import { npyHeader } from '../data/npy.js'
import type { Codes } from '../inference/codes.js'
import { ConfigurationError, FileFormatError, ShapeError } from '../tensor/errors.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import { checkActive, checkArrayNames, flawOf } from './codesFile.js'
import { type ArrayOf, bytesOf, type Dtype, type StoredTensor, storedTensor, type TypedArray } from './safetensors.js'
import type { Scratch } from './store.js'
import { type ZipPart, zipStream } from './zipStream.js'

/** What is saved for each observation beside its code. */
export interface Column {
  readonly dtype: Dtype
  /** The shape of one observation's entry, [] by default, a number; `any` for entries of any length, which come one after another. */
  readonly row?: readonly number[] | 'any'
}

type Columns = Readonly<Record<string, Column>>
/** The entries of one batch, row after row. */
export type ColumnData<C extends Columns> = { readonly [K in keyof C]: ArrayOf[C[K]['dtype']] }

/** Writes the codes of many batches into one npz file. */
export interface CodesWriter<C extends Columns> {
  readonly observations: number
  readonly active: number
  /**
   * Adds a batch below those before; nothing of it is kept in memory. Throws {@link ShapeError} where codes or columns are
   * malformed, and then goes on; where the disk fails it throws {@link FileFormatError} and has given up.
   */
  append(codes: Codes, columns: ColumnData<C>): Promise<void>
  /** Puts the file together under its name. */
  finish(): Promise<void>
  /** Gives up: nothing is written, what was put aside is removed. Does nothing after `finish`. */
  discard(): Promise<void>
}

/** What goes beside the codes. */
export interface CodesWriterOptions<C extends Columns> {
  readonly columns?: C
  /** Arrays that belong to the whole file. */
  readonly constants?: Readonly<Record<string, StoredTensor>>
}

const descriptions: Readonly<Record<Dtype, string>> = {
  BOOL: '|b1',
  U8: '|u1',
  I8: '|i1',
  U16: '<u2',
  I16: '<i2',
  U32: '<u4',
  I32: '<i4',
  U64: '<u8',
  I64: '<i8',
  F32: '<f4',
  F64: '<f8',
}

/**
 * A writer of codes over `atoms` atoms to `path`, in the format of `encodeCodes`, stored without compression. Memory does
 * not grow with the observations: batches are put aside on the disk where the file will be, and joined by `finish`, which
 * takes room for both there. Until then a file already at `path` stays as it is. `widest` is for codes of unequal lengths, such as those of
 * images of unequal sizes: the matrix is as wide as the widest, and shorter codes end before.
 * Throws {@link ConfigurationError} for a column's name that scipy uses, {@link FileFormatError} where nothing can be written.
 */
export async function codesWriter<const C extends Columns = Record<string, never>>(
  path: string,
  atoms: number | 'widest',
  { columns = {} as C, constants = {} }: CodesWriterOptions<C> = {}, // no columns are a C where none are given
): Promise<CodesWriter<C>> {
  const names = Object.keys(columns)
  checkArrayNames([...names, ...Object.keys(constants)])
  const twice = names.find((name) => Object.hasOwn(constants, name))
  if (twice !== undefined) throw new ConfigurationError(`"${twice}" is both a column and a constant; rename one.`)
  const { store, name } = locate(path)
  if ((await store.list()).includes(`${name}/`)) {
    throw new FileFormatError(`${path} cannot be written: it is a folder; name a file.`)
  }

  const scratches = new Map<string, Scratch>()
  const dispose = async (): Promise<void> => {
    for (const scratch of scratches.values()) await scratch.dispose()
    scratches.clear()
  }
  try {
    for (const each of ['indices', 'indptr', 'data', ...names]) scratches.set(each, await store.scratch(name))
    await scratches.get('indptr')!.append(bytesOf(Int32Array.of(0)))
  } catch (error) {
    await dispose()
    throw error
  }
  let observations = 0
  let active = 0
  let widest = 0
  const entries = new Map(names.map((each) => [each, 0]))
  let open = true
  const checkOpen = (): void => {
    if (!open)
      throw new ConfigurationError(
        `The writer of ${path} takes nothing now: it is finished, discarded, has failed, or the batch before is still being written. Await each call.`,
      )
  }

  return {
    get observations() {
      return observations
    },
    get active() {
      return active
    },

    async append(codes, data) {
      checkOpen()
      const [count, width] = codes.shape
      if (atoms !== 'widest' && width !== atoms)
        throw new ShapeError(`Codes over ${width} atoms cannot go into a file of codes over ${atoms}.`)
      const flaw = flawOf(codes)
      if (flaw !== undefined) throw new ShapeError(`These codes cannot be saved: ${flaw}.`)
      checkActive(active + codes.indices.length)
      for (const each of names) checkColumn(each, columns[each], data[each], count)

      const positions = codes.indptr.slice(1)
      for (let i = 0; i < count; i++) positions[i] += active
      open = false // until all parts of the batch are there, nothing can be added or finished
      try {
        await scratches.get('indptr')!.append(bytesOf(positions))
        await scratches.get('indices')!.append(bytesOf(codes.indices))
        await scratches.get('data')!.append(bytesOf(codes.values))
        for (const each of names) await scratches.get(each)!.append(bytesOf(data[each]))
      } catch (error) {
        await dispose()
        throw error
      }
      observations += count
      active += codes.indices.length
      widest = Math.max(widest, width)
      for (const each of names) entries.set(each, entries.get(each)! + data[each].length)
      open = true
    },

    async finish() {
      checkOpen()
      open = false
      const aside = (each: string, dtype: Dtype, shape: readonly number[]): ZipPart =>
        part(each, descriptions[dtype], shape, () => scratches.get(each)!.chunks())
      const held = (each: string, { dtype, shape, data }: StoredTensor): ZipPart =>
        part(each, descriptions[dtype], shape, () => once(bytesOf(data)))
      const parts = [
        aside('indices', 'I32', [active]),
        aside('indptr', 'I32', [observations + 1]),
        part('format', '|S3', [], () => once(new TextEncoder().encode('csr'))),
        held(
          'shape',
          storedTensor(BigInt64Array.of(BigInt(observations), BigInt(atoms === 'widest' ? widest : atoms))),
        ),
        aside('data', 'F32', [active]),
        ...names.map((each) => {
          const { dtype, row = [] } = columns[each]
          return aside(each, dtype, row === 'any' ? [entries.get(each)!] : [observations, ...row])
        }),
        ...Object.entries(constants).map(([each, tensor]) => held(each, tensor)),
      ]
      try {
        await store.writeAtomic(name, zipStream(parts))
      } finally {
        await dispose()
      }
    },

    async discard() {
      open = false
      await dispose()
    },
  }
}

function checkColumn(name: string, { dtype, row = [] }: Column, data: TypedArray | undefined, count: number): void {
  const needed = row === 'any' ? (data?.length ?? 0) : count * sizeOf(row)
  const given = data === undefined ? 'nothing' : `${storedTensor(data).dtype} with ${data.length}`
  const fits =
    data !== undefined && data.length === needed && storedTensor(data).dtype === (dtype === 'BOOL' ? 'U8' : dtype)
  if (!fits) {
    const each = row !== 'any' && row.length > 0 ? ` (${formatShape(row)} an observation)` : ''
    throw new ShapeError(`Column "${name}" needs ${dtype} with ${needed} entries${each} for this batch; got ${given}.`)
  }
}

/** An array as a member of an npz file. */
function part(
  name: string,
  description: string,
  shape: readonly number[],
  body: () => AsyncIterable<Uint8Array>,
): ZipPart {
  return {
    name: `${name}.npy`,
    async *pieces() {
      yield npyHeader(description, shape)
      yield* body()
    },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
