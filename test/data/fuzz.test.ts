import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { idxObservations, readIdx, writeIdx } from '../../src/data/idx.js'
import { imageFiles } from '../../src/data/imageFiles.js'
import { imageObservations } from '../../src/data/imageObservations.js'
import { npyObservations, readNpy, writeNpy } from '../../src/data/npy.js'
import { npzObservations, readNpz, writeNpz } from '../../src/data/npz.js'
import type { Observations } from '../../src/data/observations.js'
import { openSource } from '../../src/data/open.js'
import { parquetObservations } from '../../src/data/parquet.js'
import { EnergiaError } from '../../src/tensor/errors.js'
import { fixtureBytes } from './support.js'

/** Walks through what a reader opens, at most a few thousand rows of it. */
async function walk(observations: Observations): Promise<void> {
  let rows = 0
  for await (const batch of observations.batches({ batchSize: 64, seed: 1 })) {
    rows += batch.shape[0]
    if (batch.data.length === 0 || !batch.data.every(Number.isFinite))
      throw new Error('a batch that is empty or not finite')
    if (rows > 5000) return
  }
  if (observations.count !== undefined && rows !== observations.count && rows <= 5000)
    throw new Error('another number of rows than promised')
}

interface Case {
  readonly valid: () => Uint8Array | Promise<Uint8Array>
  readonly read: (bytes: Uint8Array) => Promise<unknown>
  readonly runs?: number
  /** Bytes at the end without which nothing is missing: the end mark of a PNG. */
  readonly tail?: number
}

const idx = () =>
  writeIdx(
    [12, 4, 3],
    Uint8Array.from({ length: 144 }, (_, i) => i),
  )
const npz = () =>
  writeNpz({
    rows: { shape: [9, 4], data: Float32Array.from({ length: 36 }, (_, i) => i) },
    format: { shape: [], data: 'csr' },
  })
const image = (format: 'png' | 'jpeg' | 'webp' | 'tiff') => async () =>
  new Uint8Array(
    await sharp(
      Uint8Array.from({ length: 480 }, (_, i) => (i * 37) % 256),
      { raw: { width: 16, height: 10, channels: 3 } },
    )
      .toFormat(format)
      .toBuffer(),
  )
const decode = (bytes: Uint8Array) => imageObservations(imageFiles([bytes])).then(walk)

const cases: Record<string, Case> = {
  npy: { valid: () => fixtureBytes('little-f4.npy'), read: (bytes) => npyObservations(bytes).then(walk), runs: 600 },
  'npy in Fortran order': {
    valid: () => fixtureBytes('fortran.npy'),
    read: (bytes) => npyObservations(bytes).then(walk),
  },
  'npy of doubles, whole': { valid: () => fixtureBytes('big-f8.npy'), read: readNpy },
  'npy of a string': { valid: () => writeNpy({ shape: [], data: 'csr' }), read: readNpy },
  'npy in gzip': {
    valid: () => new Uint8Array(gzipSync(fixtureBytes('little-f4.npy'))),
    read: (bytes) => npyObservations(bytes).then(walk),
  },
  IDX: { valid: idx, read: (bytes) => idxObservations(bytes).then(walk), runs: 600 },
  'IDX, whole': { valid: idx, read: readIdx },
  'IDX in gzip': { valid: () => new Uint8Array(gzipSync(idx())), read: (bytes) => idxObservations(bytes).then(walk) },
  npz: { valid: npz, read: (bytes) => npzObservations(bytes, 'rows').then(walk) },
  'npz, whole': { valid: npz, read: readNpz },
  'npz, stored': { valid: () => fixtureBytes('stored.npz'), read: (bytes) => npzObservations(bytes).then(walk) },
  'Parquet, a list': {
    valid: () => fixtureBytes('list.parquet'),
    read: (bytes) => parquetObservations(bytes).then(walk),
    runs: 500,
  },
  'Parquet, pages of version 2': {
    valid: () => fixtureBytes('fixed.parquet'),
    read: (bytes) => parquetObservations(bytes).then(walk),
    runs: 500,
  },
  'Parquet, columns': {
    valid: () => fixtureBytes('columns.parquet'),
    read: (bytes) => parquetObservations(bytes).then(walk),
  },
  'Parquet, not compressed': {
    valid: () => fixtureBytes('whole.parquet'),
    read: (bytes) => parquetObservations(bytes).then(walk),
    runs: 500,
  },
  'Parquet, split bytes': {
    valid: () => fixtureBytes('split.parquet'),
    read: (bytes) => parquetObservations(bytes).then(walk),
  },
  PNG: { valid: image('png'), read: decode, runs: 100, tail: 20 },
  JPEG: { valid: image('jpeg'), read: decode, runs: 100 },
  WebP: { valid: image('webp'), read: decode, runs: 100 },
  TIFF: { valid: image('tiff'), read: decode, runs: 100 },
}

/** Changes a valid file as a broken disk, a cut connection or a hostile hand would. */
function mutate(
  valid: Uint8Array,
  edits: readonly (readonly [kind: number, place: number, value: number])[],
): Uint8Array {
  let bytes = valid.slice()
  for (const [kind, place, value] of edits) {
    // Headers stand at the start and, in archives and tables, at the end: half of all edits go there.
    const spread = [place, place * place, 1 - place * place * place][kind % 3]
    const at = Math.min(bytes.length - 1, Math.floor(Math.max(0, Math.min(spread, 0.999999)) * bytes.length))
    if (bytes.length === 0) break
    if (kind < 6) bytes[at] ^= 1 << (value & 7)
    else if (kind < 9) bytes[at] = value
    else if (kind < 11) bytes.fill([0, 255, 127, 128][value & 3], at, at + 4)
    else if (kind < 12) bytes = bytes.slice(0, at)
    else if (kind < 13)
      bytes = new Uint8Array([
        ...bytes.subarray(0, at),
        ...new Uint8Array(value % 16).fill(value),
        ...bytes.subarray(at),
      ])
    else bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + (value % 16))])
  }
  return bytes
}

/** Runs a reader; anything but an error of ours fails the test. */
async function survives(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (!(error instanceof EnergiaError)) throw error
    expect(error.message).toMatch(/[.?]$/)
    expect(error.message.length).toBeLessThan(600)
    return false
  }
}

describe.each(Object.entries(cases))('%s', (_, { valid, read, runs = 250, tail = 1 }) => {
  it('is read as it is', async () => {
    expect(await survives(async () => read(await valid()))).toBe(true)
  })

  it('changed, is read or refused in a sentence', async () => {
    const bytes = await valid()
    const edit = fc.tuple(fc.nat({ max: 13 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 255 }))
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        if (!(await survives(() => read(mutate(bytes, edits))))) refused++
      }),
      { numRuns: runs },
    )
    expect(refused).toBeGreaterThan(0)
  })

  it('cut anywhere, is refused', async () => {
    const bytes = await valid()
    const step = Math.max(1, Math.floor(bytes.length / 60))
    for (let length = 0; length < bytes.length - tail; length += step)
      expect(await survives(() => read(bytes.slice(0, length)))).toBe(false)
  })
})

describe('bytes of any kind', () => {
  it('are read or refused in a sentence', async () => {
    const starts = [
      '\x93NUMPY\x01\x00',
      'PK\x03\x04',
      'PK\x05\x06',
      'PAR1',
      '\x1f\x8b\x08',
      '\x00\x00\x08\x03',
      '\x89PNG\r\n\x1a\n',
      '\xff\xd8\xff',
      'II*\x00',
      '',
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
        const bytes = Uint8Array.from([...Array.from(start, (character) => character.charCodeAt(0)), ...rest])
        await survives(async () => {
          const opened = await openSource(bytes)
          await (opened.kind === 'observations' ? walk(opened.observations) : opened.images.image(0))
        })
      }),
      { numRuns: 1000 },
    )
  })
})
