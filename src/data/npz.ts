import { openFile } from '#data/files'
import { DataError, FileFormatError } from '../tensor/errors.js'
import type { ArrayReading } from './arrayObservations.js'
import { byteReader } from './byteReader.js'
import type { FileInput } from './fileHandle.js'
import { type NpyArray, npySourceObservations, readNpySource, writeNpy } from './npy.js'
import { readNpyHeader } from './npyHeader.js'
import type { Observations } from './observations.js'
import { isZip, writeZip, type ZipMember, zipMembers } from './zip.js'

/** The arrays of an npz file by name. Throws {@link FileFormatError} where it holds anything else. */
async function members(input: FileInput): Promise<{ file: string; arrays: Map<string, ZipMember> }> {
  const handle = await openFile(input)
  const file = handle.name
  try {
    if (handle.size === 0) throw new FileFormatError(`${file} is empty.`)
    if (!isZip(await handle.read(0, Math.min(4, handle.size)))) {
      throw new FileFormatError(`${file} is not an npz file: it does not begin like a zip archive.`)
    }
  } finally {
    await handle.close()
  }
  const found = (await zipMembers(() => openFile(input))).filter((member) => member.name.endsWith('.npy'))
  if (found.length === 0) throw new FileFormatError(`${file} holds no arrays. An npz file is written by numpy.savez.`)
  return { file, arrays: new Map(found.map((member) => [member.name.slice(0, -4), member])) }
}

/**
 * The rows of one array of an npz file as observations. `array` names it; without a name the file must hold exactly one
 * array with at least two sizes (one size for signals). What numpy.savez stored uncompressed is read at any place.
 */
export async function npzObservations(
  input: FileInput,
  array?: string,
  reading: ArrayReading = {},
): Promise<Observations> {
  const { file, arrays } = await members(input)
  if (array !== undefined) {
    const member = arrays.get(array)
    if (member === undefined)
      throw new DataError(`${file} has no array "${array}". It holds: ${[...arrays.keys()].join(', ')}.`)
    return npySourceObservations(member.source, reading)
  }
  const fitting: string[] = []
  for (const [name, member] of arrays) {
    const reader = byteReader(member.source.stream(), member.source.name)
    try {
      const header = await readNpyHeader(reader, member.source.name)
      if (header.shape.length >= (reading.signals ? 1 : 2)) fitting.push(name)
    } finally {
      await reader.close()
    }
  }
  if (fitting.length === 1) return npySourceObservations(arrays.get(fitting[0])!.source, reading)
  throw new DataError(
    fitting.length === 0
      ? `${file} holds no array of shape [n, …shape]. Its arrays: ${[...arrays.keys()].join(', ')}. Commands that take signals read one, [t], with --signals (in code: signals: true).`
      : `${file} holds several arrays that could be observations: ${fitting.join(', ')}. Name one, as in ${file}#${fitting[0]}.`,
  )
}

/** Reads every array of an npz file into memory, as stored. Throws {@link FileFormatError}. */
export async function readNpz(input: FileInput): Promise<Record<string, NpyArray>> {
  const { file, arrays } = await members(input)
  const read: Record<string, NpyArray> = Object.create(null)
  for (const [name, member] of arrays) {
    if (member.size > 2 ** 31)
      throw new FileFormatError(`${file} holds an array of ${member.size} bytes, too large to read whole.`)
    read[name] = await readNpySource(member.source)
  }
  return read
}

/** Arrays by name as an npz file, deflated, that numpy.load reads. The same arrays give the same bytes. */
export async function writeNpz(arrays: Readonly<Record<string, NpyArray>>): Promise<Uint8Array> {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)] as const)
  return writeZip(Object.fromEntries(files))
}
