import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../src/data/byteSource.js'
import {
  type NpyArray,
  npyHeader,
  npyObservations,
  npySourceObservations,
  readNpy,
  readNpyTensor,
  writeNpy,
} from '../../src/data/npy.js'
import { DataError, FileFormatError } from '../../src/tensor/errors.js'
import { fixture, fixtureBytes, realRows, rowsOf, temporaryFolder, wholeRows } from './support.js'

const folder = temporaryFolder()

describe('npy files that numpy wrote', () => {
  const magnitudes = wholeRows.map((row) => row.map(Math.abs))
  const written: Record<string, number[][]> = {
    'little-f2': realRows,
    'little-f4': realRows,
    'little-f8': realRows,
    'big-f2': realRows,
    'big-f4': realRows,
    'big-f8': realRows,
    'little-i1': wholeRows,
    'little-i2': wholeRows,
    'little-i4': wholeRows,
    'little-i8': wholeRows,
    'big-i2': wholeRows,
    'big-i4': wholeRows,
    'big-i8': wholeRows,
    'little-u2': magnitudes,
    'little-u4': magnitudes,
    'little-u8': magnitudes,
    'big-u4': magnitudes,
    'little-u1': magnitudes.map((row) => row.map((value) => Math.fround(value / 255))),
    bool: wholeRows.map((row) => row.map((value) => (value > 0 ? 1 : 0))),
    'version-2': realRows,
    'version-3': realRows,
    fortran: realRows,
  }

  it.each(Object.entries(written))('%s', async (name, rows) => {
    const observations = await npyObservations(fixture(`${name}.npy`))
    expect(observations.count).toBe(50)
    expect(observations.shape).toEqual(name === 'fortran' ? [2, 3] : [6])
    expect(await rowsOf(observations)).toEqual(rows)
    const tensor = await readNpyTensor(fixture(`${name}.npy`))
    expect([...tensor.data]).toEqual(rows.flat())
    const array = await readNpy(fixture(`${name}.npy`))
    if (name !== 'little-u1') expect(Array.from(array.data as Float32Array, Number)).toEqual(rows.flat())
  })

  it('of complex numbers and of records say what to save instead', async () => {
    await expect(npyObservations(fixture('complex.npy'))).rejects.toThrow(/<c8.*astype/)
    await expect(npyObservations(fixture('records.npy'))).rejects.toThrow(/one plain array/)
  })
})

describe('writeNpy', () => {
  it('gives back what was written, of every type', async () => {
    const kinds = [
      Float32Array,
      Float64Array,
      Int8Array,
      Int16Array,
      Int32Array,
      Uint8Array,
      Uint16Array,
      Uint32Array,
    ] as const
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
        async (Kind, shape) => {
          const size = shape.reduce((product, extent) => product * extent, 1)
          const array: NpyArray = { shape, data: new Kind(Array.from({ length: size }, (_, i) => i)) }
          const bytes = writeNpy(array)
          expect((bytes.length - size * Kind.BYTES_PER_ELEMENT) % 64).toBe(0)
          expect(await readNpy(bytes)).toEqual(array)
        },
      ),
    )
    for (const data of [BigInt64Array.of(-(2n ** 60n), 5n), BigUint64Array.of(2n ** 63n, 0n)]) {
      expect(await readNpy(writeNpy({ shape: [2], data }))).toEqual({ shape: [2], data })
    }
    expect(await readNpy(writeNpy({ shape: [], data: 'csr' }))).toEqual({ shape: [], data: 'csr' })
  })

  it('writes the very bytes that numpy writes', () => {
    expect(writeNpy({ shape: [50, 6], data: Float32Array.from(realRows.flat()) })).toEqual(
      fixtureBytes('little-f4.npy'),
    )
    expect(writeNpy({ shape: [50, 6], data: BigInt64Array.from(wholeRows.flat().map(BigInt)) })).toEqual(
      fixtureBytes('little-i8.npy'),
    )
  })

  it('refuses a shape that does not hold its data', () => {
    expect(() => writeNpy({ shape: [2, 2], data: new Float32Array(3) })).toThrow(/\[2, 2\].*3 numbers/)
    expect(() => writeNpy({ shape: [], data: 'häßlich' })).toThrow(FileFormatError)
  })
})

describe('an npy file that cannot be used', () => {
  const bytes = () => fixtureBytes('little-f4.npy')

  it('is named in one sentence that says what is wrong', async () => {
    const path = join(folder, 'short.npy')
    writeFileSync(path, bytes().subarray(0, 700))
    await expect(npyObservations(path)).rejects.toThrow(
      /short\.npy promises an array of 50×6 \(1328 bytes\) and has 700 bytes.*cut short/,
    )
    await expect(npyObservations(join(folder, 'absent.npy'))).rejects.toThrow(
      /absent\.npy cannot be read: there is no such file/,
    )
    await expect(npyObservations(folder)).rejects.toThrow(/folder|not a file/)
    await expect(npyObservations(new Uint8Array(0))).rejects.toThrow(/is empty/)
    await expect(npyObservations(new TextEncoder().encode('hello, world'))).rejects.toThrow(/not an npy file/)
  })

  it('holds no more than it promises either', async () => {
    await expect(npyObservations(Uint8Array.from([...bytes(), 0]))).rejects.toThrow(/more than one array/)
    await expect(npyObservations(new Uint8Array(gzipSync(Uint8Array.from([...bytes(), 0]))))).rejects.toThrow(
      /more than one array/,
    )
  })

  it('cut short inside gzip is an error, not fewer rows', async () => {
    const short = new Uint8Array(gzipSync(bytes().subarray(0, 900)))
    await expect(npyObservations(short)).rejects.toThrow(/promises.*cut short/)
    const packed = new Uint8Array(gzipSync(bytes()))
    await expect(npyObservations(packed.subarray(0, packed.length - 30))).rejects.toThrow(/gzip/)
  })

  it('whose sizes overflow or promise more than any memory allocates nothing', async () => {
    for (const shape of [
      [2 ** 53 - 1, 2 ** 53 - 1],
      [2 ** 40, 1024],
      [1, 2 ** 45],
      [2 ** 31, 2 ** 31, 2 ** 31],
    ]) {
      const hostile = Uint8Array.from([...npyHeader('<f4', shape), 1, 2, 3, 4])
      const read = [
        npyObservations(hostile),
        npyObservations(new Uint8Array(gzipSync(hostile))),
        readNpy(hostile),
        readNpyTensor(hostile),
      ]
      for (const result of await Promise.allSettled(read)) {
        expect(result.status).toBe('rejected')
        if (result.status === 'rejected') expect([FileFormatError, DataError]).toContain(result.reason.constructor)
        if (result.status === 'rejected') expect(result.reason.message).toMatch(/promises|numbers/)
      }
    }
  })

  it('with a promise that only the stream can disprove fails when the stream ends', async () => {
    const hostile = Uint8Array.from([...npyHeader('<f4', [2 ** 30, 16]), ...new Uint8Array(640)])
    const { open: _, ...onlyStream } = bytesSource(hostile, 'the pipe')
    const observations = await npySourceObservations(onlyStream)
    await expect(rowsOf(observations)).rejects.toThrow(/the pipe is cut short/)
  })

  it('without observations says so', async () => {
    await expect(npyObservations(writeNpy({ shape: [0, 3], data: new Float32Array(0) }))).rejects.toThrow(
      /no observations/,
    )
    await expect(npyObservations(writeNpy({ shape: [3], data: new Float32Array(3) }))).rejects.toThrow(/\[n, …shape\]/)
    await expect(npyObservations(writeNpy({ shape: [3, 0], data: new Float32Array(0) }))).rejects.toThrow(/empty/)
  })

  it('with numbers that are not finite stops when it meets them', async () => {
    for (const wrong of [Number.NaN, Infinity, 1e300]) {
      const observations = await npyObservations(writeNpy({ shape: [2, 2], data: Float64Array.of(1, 2, wrong, 4) }))
      await expect(rowsOf(observations)).rejects.toThrow(DataError)
    }
  })
})
