import { readFile, writeFile } from 'node:fs/promises'

/** The element types that travel between this process and the peers. */
const kinds = { '<f4': Float32Array, '<i4': Int32Array }

/**
 * Writes a row-major array of single precision as .npy (version 1.0).
 * @param {string} path
 * @param {readonly number[]} shape
 * @param {Float32Array} data
 */
export async function writeNpy(path, shape, data) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
  const prefix = Buffer.alloc(10)
  prefix.write('\x93NUMPY\x01\x00', 0, 'latin1')
  prefix.writeUInt16LE(length, 8)
  const header = Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1')
  await writeFile(path, Buffer.concat([prefix, header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]))
}

/**
 * Reads a .npy file written by {@link writeNpy} or by numpy in the same form: files of this benchmark, not of strangers.
 * @param {string} path
 * @returns {Promise<{ shape: number[], data: Float32Array | Int32Array }>}
 */
export async function readNpy(path) {
  const file = await readFile(path)
  const start = 10 + file.readUInt16LE(8)
  const header = file.toString('latin1', 10, start)
  const descr = /'descr': '([^']+)'/.exec(header)?.[1] ?? ''
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim())
    .map(Number)
  if (!(descr in kinds) || header.includes("'fortran_order': True"))
    throw new Error(`${path} holds ${descr}: not expected here.`)
  const kind = kinds[/** @type {keyof typeof kinds} */ (descr)]
  const bytes = file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length)
  return { shape, data: new kind(bytes) }
}
