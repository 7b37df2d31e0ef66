import { openFile } from '#data/files'
import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import type { ArrayReading } from './arrayObservations.js'
import { byteReader } from './byteReader.js'
import { fileSource } from './byteSource.js'
import type { FileInput } from './fileHandle.js'
import { isGzip } from './gunzip.js'
import { idxObservations, isIdx } from './idx.js'
import { imageKind } from './imageKind.js'
import { npyObservations } from './npy.js'
import { isNpy } from './npyHeader.js'
import { npzObservations } from './npz.js'
import type { Observations } from './observations.js'
import { isParquet, parquetObservations } from './parquet.js'
import { isZip } from './zip.js'

/** The kinds of files that are told by how they begin. */
export type FileKind = 'gzip' | 'npy' | 'npz' | 'parquet' | 'image' | 'idx'

/** What a file is by its first 16 bytes; undefined where nobody knows. */
export function sniff(head: Uint8Array): FileKind | undefined {
  if (isGzip(head)) return 'gzip'
  if (isNpy(head)) return 'npy'
  if (isZip(head)) return 'npz'
  if (isParquet(head)) return 'parquet'
  if (imageKind(head) !== undefined) return 'image'
  // Last: its magic number is the weakest.
  if (isIdx(head)) return 'idx'
  return undefined
}

/**
 * The observations in a file of any kind, told by its content; undefined for an image. `array` names an array of an npz
 * file or a column of a Parquet file. Throws {@link FileFormatError} for a file of no known kind, ConfigurationError for an
 * array of a file that has none to choose from.
 */
export async function openByContent(
  input: FileInput,
  array?: string,
  reading: ArrayReading = {},
): Promise<Observations | undefined> {
  const handle = await openFile(input)
  const { name } = handle
  let kind: FileKind | undefined
  try {
    if (handle.size === 0) throw new FileFormatError(`${name} is empty.`)
    kind = sniff(await handle.read(0, Math.min(16, handle.size)))
  } finally {
    await handle.close()
  }
  if (kind === 'gzip') {
    const reader = byteReader((await fileSource(input)).stream(), name)
    const inside = sniff(await reader.readSome(16))
    await reader.close()
    if (inside === 'npy' || inside === 'idx') kind = inside
    else throw new FileFormatError(`${name} is gzip, but holds neither IDX nor npy inside. Unpack it first.`)
  }
  if (kind === 'npy' || kind === 'idx' || kind === 'image') refuseArray(name, array)
  switch (kind) {
    case 'npy':
      return npyObservations(input, reading)
    case 'idx':
      return idxObservations(input)
    case 'npz':
      return npzObservations(input, array, reading)
    case 'parquet':
      return parquetObservations(input, array, reading)
    case 'image':
      return undefined
    default:
      throw new FileFormatError(
        `${name} is not of a kind that can be read${mislabelled(name)}: IDX, npy, npz, Parquet, PNG, JPEG, WebP or TIFF.`,
      )
  }
}

/** Throws ConfigurationError where an array is asked of data that has none to choose from. */
export function refuseArray(name: string, array: string | undefined): void {
  if (array === undefined) return
  throw new ConfigurationError(
    `${name} has no array or column ${JSON.stringify(array)} to choose, as npz and Parquet files have; leave --array or #${array} out (in code: array).`,
  )
}

/** What its name promises, where its content is nothing of the kind. */
function mislabelled(name: string): string {
  const ending = /\.(npy|npz|parquet|png|jpe?g|webp|tiff?|idx|gz)$/i.exec(name)?.[0]
  return ending === undefined ? '' : ` (it is named ${ending}, but does not begin like one)`
}
