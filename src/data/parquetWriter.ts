import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { joinBytes } from './byteReader.js'
import { littleEndianBytes } from './npy.js'
import { type Field, i32, i64, list, structure, text } from './thrift.js'

/** A row of a table: a name, and as many numbers as every other row. */
export interface NamedNumbers {
  readonly name: string
  readonly numbers: Float32Array
}

/** Numbers in one row group, about: 16 MiB. */
const GROUP = 2 ** 22
/** Numbers in one page. */
const PAGE = 2 ** 18
/** Rows in one row group. */
const GROUP_ROWS = 2 ** 20

/* The numbers of the format (parquet.thrift). */
const FLOAT = 4
const BYTE_ARRAY = 6
const REQUIRED = 0
const REPEATED = 2
const UTF8 = 0
const LIST = 3
const PLAIN = 0
const RLE = 3
const MAGIC = new TextEncoder().encode('PAR1')

interface Chunk {
  readonly offset: number
  readonly bytes: number
  readonly values: number
}

interface Group {
  readonly rows: number
  readonly names: Chunk
  readonly numbers: Chunk
}

/**
 * A table as the bytes of a Parquet file, piece by piece: a column `name` of texts and a column of lists of `width` single-precision numbers,
 * called `column`. Uncompressed; memory holds one row group of about 16 MiB. Throws {@link ShapeError} where a row has another number of numbers,
 * {@link ConfigurationError} for a width that is no whole number of 1 or more.
 * Source: Apache Parquet, format 2, with data pages of version 1.
 */
export async function* writeParquet(
  rows: AsyncIterable<NamedNumbers> | Iterable<NamedNumbers>,
  options: { readonly column: string; readonly width: number },
): AsyncGenerator<Uint8Array> {
  const { column, width } = options
  if (!Number.isInteger(width) || width < 1) {
    throw new ConfigurationError(`A column of lists needs lists of 1 number or more; got ${width}.`)
  }
  const groups: Group[] = []
  let offset = MAGIC.length
  let waiting: NamedNumbers[] = []
  yield MAGIC
  async function* flush(): AsyncGenerator<Uint8Array> {
    if (waiting.length === 0) return
    const names = chunkOf(offset, namePages(waiting))
    const numbers = chunkOf(offset + names.bytes, numberPages(waiting, width))
    groups.push({ rows: waiting.length, names: names.chunk, numbers: numbers.chunk })
    offset += names.bytes + numbers.bytes
    waiting = []
    yield* names.pages
    yield* numbers.pages
  }
  for await (const row of rows) {
    if (row.numbers.length !== width) {
      throw new ShapeError(`Row "${row.name}" has ${row.numbers.length} numbers; all rows of this table have ${width}.`)
    }
    waiting.push(row)
    if (waiting.length * width >= GROUP || waiting.length >= GROUP_ROWS) yield* flush()
  }
  yield* flush()
  const footer = structure(fileMetadata(groups, column))
  yield joinBytes([footer, littleEndianBytes(Uint32Array.of(footer.length)), MAGIC])
}

interface Page {
  readonly values: number
  readonly body: Uint8Array
}

/** Texts, each after its length. */
function namePages(rows: readonly NamedNumbers[]): Page[] {
  const encoder = new TextEncoder()
  const parts = rows.flatMap(({ name }) => {
    const bytes = encoder.encode(name)
    return [littleEndianBytes(Uint32Array.of(bytes.length)), bytes]
  })
  return [{ values: rows.length, body: joinBytes(parts) }]
}

/** Lists of numbers, page by page: where lists begin, that all numbers are there, and the numbers. */
function numberPages(rows: readonly NamedNumbers[], width: number): Page[] {
  const some = Math.max(1, Math.floor(PAGE / width))
  return Array.from({ length: Math.ceil(rows.length / some) }, (_, page) => {
    const here = rows.slice(page * some, (page + 1) * some)
    const one = width === 1 ? run(1, 0) : joinBytes([run(1, 0), run(width - 1, 1)])
    const repetition = joinBytes(here.map(() => one))
    const definition = run(here.length * width, 1)
    const body = joinBytes([
      ...[repetition, definition].flatMap((levels) => [littleEndianBytes(Uint32Array.of(levels.length)), levels]),
      ...here.map(({ numbers }) => littleEndianBytes(numbers)),
    ])
    return { values: here.length * width, body }
  })
}

/** A run of `count` equal levels of one bit. */
function run(count: number, level: 0 | 1): Uint8Array {
  const bytes: number[] = []
  let rest = count * 2
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.of(...bytes, rest, level)
}

/** Pages with their headers, as they lie from `offset` on. */
function chunkOf(offset: number, pages: readonly Page[]): { chunk: Chunk; bytes: number; pages: Uint8Array[] } {
  const pieces = pages.flatMap(({ values, body }) => {
    const data: Field[] = [i32(1, values), i32(2, PLAIN), i32(3, RLE), i32(4, RLE)]
    const header: Field[] = [i32(1, 0), i32(2, body.length), i32(3, body.length), [5, 'struct', data]]
    return [structure(header), body]
  })
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const values = pages.reduce((sum, page) => sum + page.values, 0)
  return { chunk: { offset, bytes, values }, bytes, pages: pieces }
}

function fileMetadata(groups: readonly Group[], column: string): Field[] {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  const schema: Field[][] = [
    [text(4, 'schema'), i32(5, 2)],
    [i32(1, BYTE_ARRAY), i32(3, REQUIRED), text(4, 'name'), i32(6, UTF8)],
    [i32(3, REQUIRED), text(4, column), i32(5, 1), i32(6, LIST)],
    [i32(3, REPEATED), text(4, 'list'), i32(5, 1)],
    [i32(1, FLOAT), i32(3, REQUIRED), text(4, 'element')],
  ]
  const columnChunk = ({ offset, bytes, values }: Chunk, type: number, path: readonly string[]): Field[] => [
    i64(2, offset),
    [
      3,
      'struct',
      [
        i32(1, type),
        list(2, 'i32', [PLAIN, RLE]),
        list(3, 'text', path),
        i32(4, 0),
        i64(5, values),
        i64(6, bytes),
        i64(7, bytes),
        i64(9, offset),
      ],
    ],
  ]
  const rowGroups = groups.map(({ rows: count, names, numbers }): Field[] => [
    list(1, 'struct', [
      columnChunk(names, BYTE_ARRAY, ['name']),
      columnChunk(numbers, FLOAT, [column, 'list', 'element']),
    ]),
    i64(2, names.bytes + numbers.bytes),
    i64(3, count),
  ])
  return [i32(1, 2), list(2, 'struct', schema), i64(3, rows), list(4, 'struct', rowGroups), text(6, 'energia')]
}
