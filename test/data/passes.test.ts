import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { fromTensor, toTensor } from '../../src/data/fromTensor.js'
import { idxObservations, writeIdx } from '../../src/data/idx.js'
import { imageFiles } from '../../src/data/imageFiles.js'
import { imageObservations } from '../../src/data/imageObservations.js'
import { npyHeader, npyObservations, writeNpy } from '../../src/data/npy.js'
import { npzObservations } from '../../src/data/npz.js'
import type { Observations } from '../../src/data/observations.js'
import { parquetObservations } from '../../src/data/parquet.js'
import { sequentialObservations } from '../../src/data/passes.js'
import { plantedCodes } from '../../src/data/plantedCodes.js'
import { CancelledError, ConfigurationError, DataError } from '../../src/tensor/errors.js'
import { batchesOf, fixture, fixtureBytes, realRows, rowsOf, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const flat = Float32Array.from(realRows.flat())

/** Rows that only come in order, in pieces of uneven sizes, with a shuffle buffer far smaller than the data. */
const sequential = (): Observations =>
  sequentialObservations({
    name: 'a stream',
    shape: [6],
    count: 50,
    buffer: 4 * 6 * 9,
    async *scan() {
      for (let at = 0, size = 1; at < 50; at += size, size = (size % 5) + 1)
        yield flat.slice(at * 6, Math.min(50, at + size) * 6)
    },
  })

async function pictures(): Promise<Observations> {
  const files: string[] = []
  for (let i = 0; i < 12; i++) {
    files.push(join(folder, `${i}.png`))
    await sharp({ create: { width: 5, height: 4, channels: 3, background: { r: 20 * i, g: 10, b: 255 - i } } }).toFile(
      files[i],
    )
  }
  return imageObservations(imageFiles(files, { colour: true }))
}

const idx = () =>
  writeIdx(
    [40, 3, 2],
    Uint8Array.from({ length: 240 }, (_, i) => i),
  )

/** One row a source: whoever adds a source adds a row. */
const sources: Record<string, () => Promise<Observations>> = {
  'a tensor': async () => fromTensor({ shape: [50, 6], data: flat }),
  'npy in a file': () => npyObservations(fixture('little-f4.npy')),
  'npy in bytes': () => npyObservations(fixtureBytes('big-f8.npy')),
  'npy in a Blob': () => npyObservations(new Blob([fixtureBytes('little-f4.npy') as Uint8Array<ArrayBuffer>])),
  'npy in Fortran order': () => npyObservations(fixture('fortran.npy')),
  'npy in gzip': () => npyObservations(new Uint8Array(gzipSync(fixtureBytes('little-f4.npy')))),
  IDX: () => idxObservations(idx()),
  'IDX in gzip': () => idxObservations(new Uint8Array(gzipSync(idx()))),
  'npz, stored': () => npzObservations(fixture('stored.npz')),
  'npz, deflated': () => npzObservations(fixture('deflated.npz')),
  'Parquet, a list': () => parquetObservations(fixture('list.parquet')),
  'Parquet, columns': () => parquetObservations(fixture('columns.parquet')),
  'Parquet, several row groups': () => parquetObservations(fixture('fixed.parquet')),
  images: pictures,
  'planted codes': async () =>
    plantedCodes({ atoms: 20, dimension: 8, active: 3, count: 33, noise: 0.1, seed: 4 }).observations,
  'a stream': async () => sequential(),
}

const sorted = (rows: number[][]) => rows.map((row) => row.join(' ')).sort()

describe.each(Object.entries(sources))('a pass over %s', (_, openIt) => {
  it('gives every observation once, in the stored order, and again in the next pass', async () => {
    const source = await openIt()
    const rows = await rowsOf(source)
    expect(rows.length).toBe(source.count)
    expect(await rowsOf(source, { batchSize: 1000 })).toEqual(rows)
    expect(new Set(sorted(rows)).size).toBe(rows.length)
    for await (const batch of source.batches({ batchSize: 4 })) expect(batch.shape.slice(1)).toEqual(source.shape)
  })

  it('shuffles by seed and epoch: all rows, in an order that only these decide', async () => {
    const source = await openIt()
    const stored = await rowsOf(source)
    const shuffled = await rowsOf(source, { batchSize: 7, seed: 5 })
    expect(shuffled).not.toEqual(stored)
    expect(sorted(shuffled)).toEqual(sorted(stored))
    expect(await rowsOf(source, { batchSize: 7, seed: 5, epoch: 0 })).toEqual(shuffled)
    expect(await rowsOf(await openIt(), { batchSize: 3, seed: 5 })).toEqual(shuffled)
    expect(await rowsOf(source, { batchSize: 7, seed: 5, epoch: 1 })).not.toEqual(shuffled)
    expect(await rowsOf(source, { batchSize: 7, seed: 6 })).not.toEqual(shuffled)
  })

  it('goes on after skipped batches exactly as the whole pass', async () => {
    const source = await openIt()
    for (const seed of [undefined, 9]) {
      const pass = { batchSize: 4, epoch: 2, ...(seed !== undefined && { seed }) }
      const whole = await batchesOf(source, pass)
      for (const skip of [0, 1, whole.length - 1, whole.length, whole.length + 3]) {
        expect(await batchesOf(source, { ...pass, skip })).toEqual(whole.slice(skip))
      }
    }
  })

  it('gives the same batches where their memory may be reused', async () => {
    const source = await openIt()
    const pass = { batchSize: 7, seed: 3 }
    const whole = await batchesOf(source, pass)
    let at = 0
    for await (const { data } of source.batches({ ...pass, reuse: true })) {
      expect(Array.from(data)).toEqual(whole[at++].flat())
    }
    expect(at).toBe(whole.length)
  })

  it('can be left early and cancelled', async () => {
    const source = await openIt()
    for await (const batch of source.batches({ batchSize: 2, seed: 1 })) {
      expect(batch.shape[0]).toBe(2)
      break
    }
    await expect(rowsOf(source, { batchSize: 2, signal: AbortSignal.abort() })).rejects.toThrow(CancelledError)
    const controller = new AbortController()
    const cancelled = async () => {
      for await (const _ of source.batches({ batchSize: 2, signal: controller.signal })) controller.abort()
    }
    await expect(cancelled()).rejects.toThrow(CancelledError)
  })

  it('refuses numbers that make no sense', async () => {
    const source = await openIt()
    for (const wrong of [
      { batchSize: 0 },
      { batchSize: 1.5 },
      { batchSize: 2, skip: -1 },
      { batchSize: 2, seed: -1 },
      { batchSize: 2, epoch: 0.5 },
    ]) {
      await expect(rowsOf(source, wrong)).rejects.toThrow(ConfigurationError)
    }
  })
})

describe('observations in memory', () => {
  it('are not the memory that was given: batches may be changed', async () => {
    const data = Float32Array.of(1, 2, 3, 4)
    for await (const batch of fromTensor({ shape: [2, 2], data }).batches({ batchSize: 2 })) batch.data.fill(9)
    expect([...data]).toEqual([1, 2, 3, 4])
  })

  it('must be finite, and there must be some', () => {
    expect(() => fromTensor({ shape: [1, 2], data: Float32Array.of(1, Number.NaN) }, 'mine')).toThrow(/mine holds NaN/)
    expect(() => fromTensor({ shape: [1, 2], data: Float32Array.of(-Infinity, 1) })).toThrow(/infinite/)
    expect(() => fromTensor({ shape: [0, 2], data: new Float32Array(0) })).toThrow(/no observations/)
    expect(() => fromTensor({ shape: [2, 0], data: new Float32Array(0) })).toThrow(/empty/)
    expect(() => fromTensor({ shape: [3], data: new Float32Array(3) })).toThrow(/\[n, …shape\]/)
  })

  it('come back as the tensor they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5 }), async (count, width) => {
        const data = Float32Array.from({ length: count * width }, (_, i) => Math.sin(i))
        const back = await toTensor(fromTensor({ shape: [count, width], data }))
        expect(back).toEqual({ shape: [count, width], data })
      }),
      { numRuns: 20 },
    )
    await expect(toTensor(fromTensor({ shape: [50, 6], data: flat }), 10)).rejects.toThrow(/batches/)
  })
})

describe('a stream of rows', () => {
  it('stops at the first number that is not finite, with its name', async () => {
    const source = sequentialObservations({
      name: 'the stream',
      shape: [2],
      count: undefined,
      async *scan() {
        yield Float32Array.of(1, 2)
        yield Float32Array.of(3, Number.NaN)
      },
    })
    await expect(rowsOf(source)).rejects.toThrow(/the stream holds NaN/)
  })

  it('that gives nothing is an error', async () => {
    const source = sequentialObservations({ name: 'nothing', shape: [2], count: undefined, async *scan() {} })
    await expect(rowsOf(source)).rejects.toThrow(DataError)
  })

  it('is mixed within its buffer: a row comes at most as early as the buffer is long', async () => {
    const rows = await rowsOf(sequential(), { batchSize: 5, seed: 3 })
    for (const [place, row] of rows.entries()) expect(row[0] - place).toBeLessThanOrEqual(9)
  })
})

describe('data larger than what is kept in memory', () => {
  it('is walked through where it is compressed', { timeout: 120_000 }, async () => {
    const [count, width] = [700, 25_000]
    const numbers = Float32Array.from({ length: count * width }, (_, i) => Math.floor(i / width))
    const path = join(folder, 'large.npy.gz')
    writeFileSync(path, gzipSync(writeNpy({ shape: [count, width], data: numbers }), { level: 1 }))
    const source = await npyObservations(path)
    expect(source.count).toBe(count)
    const first = async (pass: { seed?: number; skip?: number }) => {
      const values: number[] = []
      for await (const batch of source.batches({ batchSize: 64, ...pass })) {
        for (let row = 0; row < batch.shape[0]; row++) values.push(batch.data[row * width + 5])
      }
      return values
    }
    expect(await first({})).toEqual(Array.from({ length: count }, (_, i) => i))
    const shuffled = await first({ seed: 1 })
    expect(await first({ seed: 1, skip: 9 })).toEqual(shuffled.slice(9 * 64))
  })

  it('is read at any place where it lies open', async () => {
    const path = join(folder, 'holes.npy')
    const header = npyHeader('<f4', [1_000_000, 64])
    const file = await open(path, 'w')
    await file.write(header)
    await file.truncate(header.length + 1_000_000 * 256)
    await file.write(new Uint8Array(Float32Array.of(7).buffer), 0, 4, header.length + 999_999 * 256)
    await file.close()
    const source = await npyObservations(path)
    const before = process.memoryUsage().rss
    let seen = 0
    for await (const batch of source.batches({ batchSize: 100, seed: 1 })) {
      seen += batch.shape[0]
      if (seen === 1000) break
    }
    for await (const batch of source.batches({ batchSize: 100, skip: 9_999 })) expect(batch.data[99 * 64]).toBe(7)
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6)
  })

  it('is gathered by blocks where its columns come first', async () => {
    const [count, width] = [300_000, 60]
    const columns = new Float32Array(count * width)
    for (let column = 0; column < width; column++)
      for (let row = 0; row < count; row++) columns[column * count + row] = row + column / 64
    const path = join(folder, 'fortran.npy')
    const header = npyHeader('<f4', [count, width])
    header.set(new TextEncoder().encode('True '), new TextDecoder('latin1').decode(header).indexOf('False'))
    writeFileSync(path, Buffer.concat([header, new Uint8Array(columns.buffer)]))
    const source = await npyObservations(path)
    let row = 0
    for await (const batch of source.batches({ batchSize: 50_000 })) {
      for (let i = 0; i < batch.shape[0]; i += 1000)
        expect(batch.data[i * width + 59]).toBe(Math.fround(row + i + 59 / 64))
      row += batch.shape[0]
    }
    expect(row).toBe(count)
  })
})
