import type { FileMetaData, SchemaTree } from 'hyparquet'
import type { ColumnMetaData } from 'hyparquet/src/types.js'
import { openFile } from '#data/files'
import { DataError, EnergiaError, FileFormatError } from '../tensor/errors.js'
import { suggest } from '../tensor/suggest.js'
import type { ArrayReading } from './arrayObservations.js'
import type { FileHandleLike, FileInput } from './fileHandle.js'
import type { Observations } from './observations.js'
import { type ColumnPlan, columnPages, elementTypeOf } from './parquetColumn.js'
import { sequentialObservations } from './passes.js'

/** Whether bytes begin like a Parquet file. */
export function isParquet(head: Uint8Array): boolean {
  return head.length >= 4 && String.fromCharCode(...head.subarray(0, 4)) === 'PAR1'
}

/** Numbers in one observation. */
const widest = 1 << 24

/** Columns beside each other that make one observation: one list, or several plain numbers. */
interface Reading {
  readonly columns: readonly (ColumnPlan & { readonly path: string })[]
  /** Numbers in one observation. */
  readonly width: number
  readonly count: number
}

/**
 * The rows of a Parquet file as observations [m]: a column of lists of equal length, or all numeric columns beside each
 * other. `column` names the list where there are several. Rows are read page by page. As `signals`, lists are signals, and plain
 * columns are the channels of one signal [t] or [t, c], which is held in memory. Throws {@link FileFormatError} and
 * {@link DataError}.
 */
export async function parquetObservations(
  input: FileInput,
  column?: string,
  { signals = false }: ArrayReading = {},
): Promise<Observations> {
  const file = await openFile(input)
  try {
    const metadata = await readFooter(file)
    const reading = await plan(file, metadata, column).catch((error: unknown) => {
      throw explain(error, file.name)
    })
    const { width, count } = reading
    async function* scan(): AsyncGenerator<Float32Array> {
      const opened = await openFile(input)
      try {
        yield* scanRows(opened, metadata, reading)
      } catch (error) {
        throw explain(error, file.name)
      } finally {
        await opened.close()
      }
    }
    const columnwise = signals && reading.columns.every(({ repetition }) => repetition === 0)
    if (!columnwise) return sequentialObservations({ name: file.name, shape: [width], count, scan, signals })
    return sequentialObservations({
      name: file.name,
      shape: width === 1 ? [count] : [count, width],
      count: count === 0 ? 0 : 1,
      scan: () => joined(scan(), count * width),
      signals,
    })
  } finally {
    await file.close()
  }
}

/** All pieces as one. */
async function* joined(pieces: AsyncIterable<Float32Array>, length: number): AsyncGenerator<Float32Array> {
  const whole = new Float32Array(length)
  let at = 0
  for await (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  yield whole
}

/** Errors of our own as they are; whatever a library throws over a damaged file as one sentence. */
function explain(error: unknown, name: string): EnergiaError {
  if (error instanceof EnergiaError) return error
  return new FileFormatError(`${name} is a damaged Parquet file, or cut short. Fetch or write it again.`, {
    cause: error,
  })
}

async function readFooter(file: FileHandleLike): Promise<FileMetaData> {
  if (file.size === 0) throw new FileFormatError(`${file.name} is empty.`)
  if (!isParquet(await file.read(0, Math.min(4, file.size))))
    throw new FileFormatError(`${file.name} is not a Parquet file: it does not begin with PAR1.`)
  const { parquetMetadataAsync } = await import('hyparquet')
  try {
    const slice = async (start: number, end = file.size) => {
      const bytes = await file.read(start, end - start)
      return bytes.slice().buffer as ArrayBuffer
    }
    return await parquetMetadataAsync({ byteLength: file.size, slice }, { geoparquet: false })
  } catch (error) {
    throw explain(error, file.name)
  }
}

/** Chooses the columns. */
async function plan(file: FileHandleLike, metadata: FileMetaData, column: string | undefined): Promise<Reading> {
  const { parquetSchema } = await import('hyparquet')
  const tree = parquetSchema(metadata)
  const count = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (
    count !== Number(metadata.num_rows) ||
    !Number.isSafeInteger(count) ||
    count < 0 ||
    metadata.row_groups.some((group) => group.num_rows < 0n)
  ) {
    throw new FileFormatError(
      `${file.name} is a damaged Parquet file: it promises ${metadata.num_rows} rows and its parts hold ${count}.`,
    )
  }
  const readable = tree.children.map((child) => ({ name: child.element.name, plan: columnPlan(child) }))
  const names = readable.map(({ name }) => name)
  if (column !== undefined && !names.includes(column)) {
    const meant = suggest(column, names)
    throw new DataError(
      `${file.name} has no column "${column}"${meant ? `; did you mean ${meant}?` : `. It has: ${names.join(', ')}.`}`,
    )
  }
  const wanted = readable.flatMap(({ name, plan }) =>
    plan !== undefined && (column === undefined || column === name) ? [plan] : [],
  )
  const lists = wanted.filter(({ repetition }) => repetition === 1)
  if (lists.length > 1) {
    const offered = lists.map(({ name }) => name)
    throw new DataError(
      `${file.name} has several columns of lists: ${offered.join(', ')}. Name one, as in ${file.name}#${offered[0]}.`,
    )
  }
  if (wanted.length === 0) {
    throw new DataError(
      column === undefined
        ? `${file.name} has no column of numbers or lists of numbers. Its columns: ${names.join(', ')}.`
        : `Column ${column} of ${file.name} holds no numbers, nor lists of numbers.`,
    )
  }
  if (lists.length === 0 || count === 0) return { columns: wanted, width: wanted.length, count }
  const promised = metadata.row_groups.reduce(
    (sum, group) => sum + Number(chunkOf(file, group.columns, lists[0].path).num_values),
    0,
  )
  const width = promised / count
  if (!Number.isSafeInteger(width) || width < 1 || width > widest) {
    throw new DataError(
      `Column ${lists[0].name} of ${file.name} holds lists of unequal lengths. All observations need the same length.`,
    )
  }
  return { columns: lists, width, count }
}

/** How a top-level column is read; undefined where it is neither a number nor a list of numbers. */
function columnPlan(child: SchemaTree): (ColumnPlan & { path: string }) | undefined {
  let repetition = 0
  let definition = 0
  let node = child
  for (let depth = 0; ; depth++) {
    if (node.element.repetition_type === 'REPEATED') repetition++
    if (node.element.repetition_type !== 'REQUIRED') definition++
    if (node.children.length === 0) break
    if (node.children.length > 1 || depth > 4) return undefined
    node = node.children[0]
  }
  const { type, converted_type: converted, logical_type: logical } = node.element
  const element = elementTypeOf(type)
  const isNumber =
    (converted === undefined || /^U?INT_/.test(converted)) && (logical === undefined || logical.type === 'INTEGER')
  if (element === undefined || !isNumber || repetition > 1) return undefined
  const unsigned = converted?.startsWith('UINT') || (logical?.type === 'INTEGER' && !logical.isSigned)
  return {
    name: child.element.name,
    path: node.path.join('\0'),
    type: unsigned ? (element.replace('i', 'u') as ColumnPlan['type']) : element,
    repetition,
    definition,
  }
}

function chunkOf(
  file: FileHandleLike,
  columns: FileMetaData['row_groups'][number]['columns'],
  path: string,
): ColumnMetaData {
  const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema.join('\0') === path)
  if (chunk?.meta_data === undefined || chunk.file_path !== undefined) {
    throw new FileFormatError(`${file.name} is a damaged Parquet file: a column is missing from one of its parts.`)
  }
  return chunk.meta_data
}

/** Rows in their stored order: the columns of each row group are walked through beside each other. */
async function* scanRows(
  file: FileHandleLike,
  metadata: FileMetaData,
  { columns, width }: Reading,
): AsyncGenerator<Float32Array> {
  const perColumn = width / columns.length
  for (const group of metadata.row_groups) {
    const total = Number(group.num_rows)
    const streams = columns.map((column) =>
      valueStream(file, column, chunkOf(file, group.columns, column.path), perColumn),
    )
    const some = Math.max(1, Math.floor((1 << 18) / width))
    try {
      for (let row = 0; row < total; row += some) {
        const size = Math.min(some, total - row)
        const out = new Float32Array(size * width)
        for (const [place, stream] of streams.entries()) await stream.fill(out, size, place * perColumn, width)
        yield out
      }
      for (const stream of streams) await stream.end()
    } finally {
      for (const stream of streams) await stream.close()
    }
  }
}

/** The values of a column chunk in portions of rows; checks that every list has `length` values. */
function valueStream(file: FileHandleLike, column: ColumnPlan, chunk: ColumnMetaData, length: number) {
  const pages = columnPages(file, column, chunk)
  let values = new Float32Array(0)
  let begins: Uint8Array | undefined
  let at = 0
  const more = async (): Promise<boolean> => {
    while (at === values.length) {
      const next = await pages.next()
      if (next.done) return false
      values = next.value.values as Float32Array<ArrayBuffer>
      begins = next.value.begins
      at = 0
    }
    return true
  }
  return {
    /** Puts the next `rows` rows into `out`: row i begins at `place` + i · `stride`. */
    async fill(out: Float32Array, rows: number, place: number, stride: number): Promise<void> {
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < length; i++) {
          if (at === values.length && !(await more()))
            throw new FileFormatError(`Column ${column.name} of ${file.name} is cut short. Fetch or write it again.`)
          if (begins !== undefined && (begins[at] === 1) !== (i === 0)) {
            throw new DataError(
              `Column ${column.name} of ${file.name} holds lists of unequal lengths. All observations need the same length.`,
            )
          }
          out[place + row * stride + i] = values[at++]
        }
      }
    },
    async end(): Promise<void> {
      if (await more())
        throw new DataError(
          `Column ${column.name} of ${file.name} holds more values than rows need. Its lists are of unequal lengths.`,
        )
    },
    close: () => pages.return(undefined),
  }
}
