import { DataError, FileFormatError } from '../tensor/errors.js'
import { formatShape, sizeOf } from '../tensor/tensor.js'
import { type ArrayLayout, bytesPromised, checkPromise, readPromised, toRows } from './arrayLayout.js'
import { type ByteReader, byteReader } from './byteReader.js'
import { type ByteSource, bytesSource } from './byteSource.js'
import { bytesOf, decodeNumbers } from './elementType.js'
import type { Observations } from './observations.js'
import { checkSomething, indexedObservations, sequentialObservations } from './passes.js'
import { takeFromFile } from './takeFromFile.js'

/** Arrays up to this many bytes are kept in memory where they could not be read at any place otherwise. */
const keptInMemory = 1 << 26
/** How an array is understood. */
export interface ArrayReading {
  /** Observations are signals: an array [t] is one signal of length t, not n numbers. */
  readonly signals?: boolean
}

/** Numbers in one observation. */
const widest = 1 << 28

/**
 * The rows of an array [n, …shape] as observations. What lies open in a file is read at any place; what is compressed
 * or piped is kept in memory when small and otherwise walked through. Throws {@link FileFormatError} where the file
 * does not hold what its header promises, and {@link DataError} where these are no observations.
 */
export async function arrayObservations(
  source: ByteSource,
  readStored: (reader: ByteReader, name: string) => Promise<ArrayLayout>,
  reading: ArrayReading = {},
): Promise<Observations> {
  const { name } = source
  const { signals = false } = reading
  const readLayout: typeof readStored = async (reader, of) => {
    const layout = await readStored(reader, of)
    return signals && layout.shape.length === 1 ? { ...layout, shape: [1, ...layout.shape], fortran: false } : layout
  }
  const reader = byteReader(source.stream(), name)
  let handedOn = false
  try {
    const layout = await readLayout(reader, name)
    const promised = bytesPromised(layout, name)
    if (layout.shape.length < 2) {
      throw new DataError(
        `${name} holds an array of shape [${layout.shape.join(', ')}]; observations need [n, …shape], for example [n, 28, 28]. Commands that take signals read one, [t], with --signals (in code: signals: true).`,
      )
    }
    const [count, ...shape] = layout.shape
    checkSomething(name, shape, count)
    if (sizeOf(shape) > widest) {
      throw new DataError(
        `One observation of ${name} has ${sizeOf(shape)} numbers; at most ${widest} are possible. Cut it into patches.`,
      )
    }
    if (source.longest !== undefined && layout.offset + promised > source.longest) {
      throw new FileFormatError(
        `${name} promises an array of ${formatShape(layout.shape)}, more than it can hold. It is cut short: fetch or write it again.`,
      )
    }
    if (source.open !== undefined) {
      const handle = await source.open()
      await handle.close()
      checkPromise(layout, handle.size, name)
      if (!layout.fortran) return openRows(source.open, layout, name, signals)
    }
    if (promised <= keptInMemory) {
      const bytes = await readPromised(reader, layout, name)
      const kept = layout.fortran ? toRows(bytes, layout.shape, bytesOf(layout.type)) : bytes
      return openRows(bytesSource(kept, name).open!, { ...layout, fortran: false, offset: 0 }, name, signals)
    }
    if (layout.fortran) {
      if (source.open !== undefined) return columnsFirst(source.open, layout, name, signals)
      throw new DataError(
        `${name} is in Fortran order and cannot be read at any place. Save it in C order (numpy.ascontiguousarray).`,
      )
    }
    // Standard input cannot begin again: its only pass goes on behind the header that was read here.
    let first = source.once ? reader : undefined
    handedOn = first !== undefined
    return sequentialObservations({
      name,
      shape,
      count,
      signals,
      scan: () => {
        const continued = first
        first = undefined
        return scanRows(source, layout, continued, readLayout)
      },
    })
  } finally {
    if (!handedOn) await reader.close()
  }
}

function openRows(
  open: NonNullable<ByteSource['open']>,
  layout: ArrayLayout,
  name: string,
  signals: boolean,
): Observations {
  const [count, ...shape] = layout.shape
  return indexedObservations({
    name,
    shape,
    count,
    signals,
    window: 1 << 24,
    open: async () => {
      const handle = await open()
      return { take: (indices) => takeFromFile(handle, layout, indices), close: () => handle.close() }
    },
  })
}

/** Rows in their stored order, about a megabyte at a time. */
async function* scanRows(
  source: ByteSource,
  layout: ArrayLayout,
  continued: ByteReader | undefined,
  readLayout: (reader: ByteReader, name: string) => Promise<ArrayLayout>,
): AsyncGenerator<Float32Array> {
  const reader = continued ?? byteReader(source.stream(), source.name)
  try {
    if (continued === undefined) await readLayout(reader, source.name)
    const [count, ...shape] = layout.shape
    const width = sizeOf(shape)
    const some = Math.max(1, Math.floor((1 << 20) / (width * bytesOf(layout.type))))
    for (let row = 0; row < count; row += some) {
      const size = Math.min(some, count - row)
      const bytes = await reader.read(size * width * bytesOf(layout.type))
      const numbers = new Float32Array(size * width)
      decodeNumbers(bytes, layout.type, layout.littleEndian, numbers)
      yield numbers
    }
    if (!(await reader.ended())) {
      throw new FileFormatError(
        `${source.name} holds more bytes than its header promises. It is damaged or holds more than one array.`,
      )
    }
  } finally {
    await reader.close()
  }
}

/** A large array in Fortran order: blocks of rows, each gathered from its columns. */
function columnsFirst(
  open: NonNullable<ByteSource['open']>,
  layout: ArrayLayout,
  name: string,
  signals: boolean,
): Observations {
  const [count, ...shape] = layout.shape
  const width = sizeOf(shape)
  const size = bytesOf(layout.type)
  async function* scan(): AsyncGenerator<Float32Array> {
    const handle = await open()
    try {
      const some = Math.max(1, Math.floor((1 << 24) / (width * size)))
      for (let row = 0; row < count; row += some) {
        const here = Math.min(some, count - row)
        const block = new Uint8Array(here * width * size)
        for (let column = 0; column < width; column++) {
          block.set(await handle.read(layout.offset + (column * count + row) * size, here * size), column * here * size)
        }
        const numbers = new Float32Array(here * width)
        decodeNumbers(toRows(block, [here, ...shape], size), layout.type, layout.littleEndian, numbers)
        yield numbers
      }
    } finally {
      await handle.close()
    }
  }
  return sequentialObservations({ name, shape, count, signals, scan })
}
