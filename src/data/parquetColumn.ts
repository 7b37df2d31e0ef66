import type { ColumnMetaData, ParquetType } from 'hyparquet/src/types.js'
import { FileFormatError } from '../tensor/errors.js'
import { joinBytes } from './byteReader.js'
import { decodeNumbers, type ElementType } from './elementType.js'
import { bytesHandle, type FileHandleLike, streamOf } from './fileHandle.js'
import { gunzip } from './gunzip.js'
import { type Cursor, readRuns, readThrift, type ThriftStruct } from './parquetPage.js'

/** A column of numbers: its values, and how deep lists and nulls go in it. */
export interface ColumnPlan {
  readonly name: string
  readonly type: ElementType
  /** Levels of repetition: 0 for a plain column, 1 for a list. */
  readonly repetition: number
  /** Levels of definition: how many of its ancestors and itself may be missing. */
  readonly definition: number
}

/** Values of one page, and where lists begin among them (undefined for a plain column). */
export interface PageValues {
  readonly values: Float32Array
  readonly begins: Uint8Array | undefined
}

/** Numbers in one page: a page is about a megabyte, and a run of equal ones is short in any case. */
const largestPage = 1 << 24

const elementTypes: Partial<Record<ParquetType, ElementType>> = {
  BOOLEAN: 'b1',
  INT32: 'i4',
  INT64: 'i8',
  FLOAT: 'f4',
  DOUBLE: 'f8',
}

/** How the numbers of a physical type are read; undefined where they are not plain numbers. */
export const elementTypeOf = (type: ParquetType | undefined): ElementType | undefined =>
  type === undefined ? undefined : elementTypes[type]

const decompressions = {
  UNCOMPRESSED: async (bytes: Uint8Array, size: number) => (bytes.length === size ? bytes : undefined),
  SNAPPY: async (bytes: Uint8Array, size: number) => {
    // Three bytes copy at most 64.
    if (size > 64 * bytes.length) return undefined
    const { snappyUncompress } = await import('hyparquet')
    const out = new Uint8Array(size)
    try {
      snappyUncompress(bytes, out)
    } catch {
      return undefined
    }
    return out
  },
  GZIP: async (bytes: Uint8Array, size: number) => {
    const pieces: Uint8Array[] = []
    let total = 0
    for await (const piece of gunzip(streamOf(bytesHandle(bytes)), 'a page of the Parquet file')) {
      pieces.push(piece)
      total += piece.length
      if (total > size) break
    }
    return total === size ? joinBytes(pieces, total) : undefined
  },
} as const

/**
 * The pages of one column chunk, one after another. `chunk` is the column's metadata in the footer; sizes are checked
 * against the file before anything is read or allocated. Throws {@link FileFormatError}. Nulls are not accepted.
 */
export async function* columnPages(
  file: FileHandleLike,
  plan: ColumnPlan,
  chunk: ColumnMetaData,
): AsyncGenerator<PageValues> {
  const wrong = (what: string, advice = 'Write the file again.') =>
    new FileFormatError(`Column ${plan.name} of ${file.name} ${what}. ${advice}`)
  if (!(chunk.codec in decompressions)) {
    throw wrong(
      `is compressed by ${chunk.codec}`,
      'Write it with snappy, gzip or no compression, as in to_parquet(compression="snappy").',
    )
  }
  const decompress = decompressions[chunk.codec as keyof typeof decompressions]
  const dictionaryOffset = Number(chunk.dictionary_page_offset ?? 0)
  const dataOffset = Number(chunk.data_page_offset)
  let at = dictionaryOffset > 0 ? Math.min(dictionaryOffset, dataOffset) : dataOffset
  const end = at + Number(chunk.total_compressed_size)
  if (!(at >= 4 && end <= file.size))
    throw wrong('lies outside the file: it is cut short or damaged', 'Fetch or write it again.')
  let dictionary: Float32Array | undefined
  let left = Number(chunk.num_values)

  while (left > 0 && at < end) {
    const head: Cursor = { bytes: await file.read(at, Math.min(1 << 16, end - at)), at: 0 }
    const header = readThrift(head)
    const sizes = { plain: numberIn(header, 2), stored: numberIn(header, 3) }
    at += head.at
    if (!(sizes.stored >= 0 && at + sizes.stored <= end && sizes.plain >= 0 && sizes.plain <= 1 << 28))
      throw wrong('has a page that does not fit')
    const stored = await file.read(at, sizes.stored)
    at += sizes.stored
    const kind = numberIn(header, 1)
    const details = header.get([5, 6, 7, 8][kind])
    if (!(details instanceof Map)) throw wrong('has a page of an unknown kind')
    if (kind === 1) continue
    const count = numberIn(details, 1)
    if (!(count >= 0 && count <= largestPage)) throw wrong(`has a page of ${count} values`)
    // The levels of a page of version 2 stand before the compressed part.
    const levels =
      kind === 3
        ? { repetition: numberIn(details, 6), definition: numberIn(details, 5) }
        : { repetition: 0, definition: 0 }
    const open = levels.repetition + levels.definition
    if (!(levels.repetition >= 0 && levels.definition >= 0 && open <= sizes.stored && open <= sizes.plain))
      throw wrong('has a page that does not fit')
    const packed = !(kind === 3 && details.get(7) === false)
    const body = packed ? await decompress(stored.subarray(open), sizes.plain - open) : stored.subarray(open)
    if (body === undefined) throw wrong('has a page that does not fit')
    if (kind === 2) {
      dictionary = readPlain({ bytes: body, at: 0 }, plan, count)
      continue
    }
    if (count > left) throw wrong('holds more values than it promises')
    left -= count
    const cursor: Cursor = { bytes: body, at: 0 }
    const before: Cursor = { bytes: stored, at: 0 }
    const readLevels = (depth: number, length: number): Uint32Array | undefined => {
      if (depth === 0) return undefined
      const width = 32 - Math.clz32(depth)
      if (kind === 3) {
        const from = before.at
        const read = readRuns(before, from + length, width, count)
        before.at = from + length
        return read
      }
      const [low, second, third, high] = checkedBytes(cursor, 4)
      const size = low + 256 * (second + 256 * (third + 256 * high))
      const from = cursor.at
      const read = readRuns(cursor, from + size, width, count)
      cursor.at = from + size
      return read
    }
    const repetitions = readLevels(plan.repetition, levels.repetition)
    const definitions = readLevels(plan.definition, levels.definition)
    if (definitions?.some((level) => level !== plan.definition)) {
      throw wrong('has missing values or empty lists', 'Fill or drop these rows before use.')
    }
    yield {
      values: readValues(cursor, plan, count, numberIn(details, kind === 3 ? 4 : 2), dictionary, wrong),
      begins: repetitions && Uint8Array.from(repetitions, (level) => (level === 0 ? 1 : 0)),
    }
  }
  if (left > 0) throw wrong('holds fewer values than it promises', 'Fetch or write it again.')
}

const numberIn = (fields: ThriftStruct, id: number): number => {
  const value = fields.get(id)
  return typeof value === 'number' ? value : Number.NaN
}

const encodingNames = [
  'PLAIN',
  '',
  'PLAIN_DICTIONARY',
  'RLE',
  'BIT_PACKED',
  'DELTA_BINARY_PACKED',
  'DELTA_LENGTH_BYTE_ARRAY',
  'DELTA_BYTE_ARRAY',
  'RLE_DICTIONARY',
  'BYTE_STREAM_SPLIT',
]

function readValues(
  cursor: Cursor,
  plan: ColumnPlan,
  count: number,
  encoding: number,
  dictionary: Float32Array | undefined,
  wrong: (what: string, advice?: string) => FileFormatError,
): Float32Array {
  const name = encodingNames[encoding]
  if (name === 'PLAIN') return readPlain(cursor, plan, count)
  if (name === 'BYTE_STREAM_SPLIT' && plan.type !== 'b1') {
    const size = Number(plan.type[1])
    const split = checkedBytes(cursor, count * size)
    const bytes = new Uint8Array(count * size)
    for (let i = 0; i < count; i++)
      for (let byte = 0; byte < size; byte++) bytes[i * size + byte] = split[byte * count + i]
    return readPlain({ bytes, at: 0 }, plan, count)
  }
  if (name === 'RLE' && plan.type === 'b1') {
    cursor.at += 4
    return Float32Array.from(readRuns(cursor, cursor.bytes.length, 1, count))
  }
  if (name === 'PLAIN_DICTIONARY' || name === 'RLE_DICTIONARY') {
    if (dictionary === undefined) throw wrong('has no dictionary page')
    const width = checkedBytes(cursor, 1)[0]
    const places = width === 0 ? new Uint32Array(count) : readRuns(cursor, cursor.bytes.length, width, count)
    const out = new Float32Array(count)
    for (let i = 0; i < count; i++) {
      if (places[i] >= dictionary.length) throw wrong('points outside its dictionary')
      out[i] = dictionary[places[i]]
    }
    return out
  }
  throw wrong(
    `is encoded as ${name || encoding}`,
    'Write it in plain or dictionary encoding, which is the default of pyarrow and pandas.',
  )
}

/** The next bytes of a page, which must be there. */
function checkedBytes(cursor: Cursor, length: number): Uint8Array {
  if (cursor.at + length > cursor.bytes.length)
    throw new FileFormatError('A page of the Parquet file is damaged: it ends too early.')
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length)
  cursor.at += length
  return bytes
}

function readPlain(cursor: Cursor, plan: ColumnPlan, count: number): Float32Array {
  if (plan.type === 'b1') {
    const bytes = checkedBytes(cursor, Math.ceil(count / 8))
    return Float32Array.from({ length: count }, (_, i) => (bytes[i >> 3] >> (i & 7)) & 1)
  }
  const bytes = checkedBytes(cursor, count * Number(plan.type[1]))
  const out = new Float32Array(count)
  decodeNumbers(bytes, plan.type, true, out)
  return out
}
