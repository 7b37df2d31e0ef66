import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { idxObservations, readIdx, writeIdx } from '../../src/data/idx.js'
import { rowsOf } from './support.js'

/** An IDX file by hand: magic, sizes, numbers, all big-endian. */
function idx(
  type: number,
  sizes: number[],
  numbers: number[],
  write: (view: DataView, at: number, value: number) => void,
  width: number,
): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + width * numbers.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0, 0, type, sizes.length])
  for (const [axis, size] of sizes.entries()) view.setUint32(4 + 4 * axis, size)
  for (const [i, value] of numbers.entries()) write(view, 4 + 4 * sizes.length + width * i, value)
  return bytes
}

describe('IDX', () => {
  const numbers = [0, 1, -2, 3, 100, -128]

  it('bytes are pixels in [0, 1]', async () => {
    const observations = await idxObservations(writeIdx([3, 1, 2], Uint8Array.of(0, 255, 51, 102, 1, 254)))
    expect(observations).toMatchObject({ count: 3, shape: [1, 2] })
    const rows = [
      [0, 255],
      [51, 102],
      [1, 254],
    ]
    expect(await rowsOf(observations)).toEqual(rows.map((row) => row.map((value) => Math.fround(value / 255))))
  })

  it.each([
    ['signed bytes', idx(9, [2, 3], numbers, (view, at, value) => view.setInt8(at, value), 1)],
    ['16-bit integers', idx(11, [2, 3], numbers, (view, at, value) => view.setInt16(at, value), 2)],
    ['32-bit integers', idx(12, [2, 3], numbers, (view, at, value) => view.setInt32(at, value), 4)],
    ['single precision', idx(13, [2, 3], numbers, (view, at, value) => view.setFloat32(at, value), 4)],
    ['double precision', idx(14, [2, 3], numbers, (view, at, value) => view.setFloat64(at, value), 8)],
  ])('%s keep their value', async (_, bytes) => {
    for (const input of [bytes, new Uint8Array(gzipSync(bytes))]) {
      expect((await rowsOf(await idxObservations(input))).flat()).toEqual(numbers)
      expect(Array.from((await readIdx(input)).data, Number)).toEqual(numbers)
    }
  })

  it('says what is wrong with a file', async () => {
    const good = writeIdx([3, 2, 2], new Uint8Array(12))
    await expect(idxObservations(good.subarray(0, 20))).rejects.toThrow(
      /promises an array of 3×2×2 \(28 bytes\) and has 20 bytes.*cut short/,
    )
    await expect(idxObservations(Uint8Array.from([...good, 0]))).rejects.toThrow(/damaged/)
    await expect(idxObservations(good.subarray(0, 9))).rejects.toThrow(/cut short/)
    await expect(idxObservations(Uint8Array.of(1, 2, 3, 4, 5))).rejects.toThrow(
      /not an IDX file: it begins with 01 02 03 04/,
    )
    await expect(idxObservations(writeIdx([5], new Uint8Array(5)))).rejects.toThrow(/\[5\].*\[n, …shape\]/)
    await expect(idxObservations(writeIdx([0, 2], new Uint8Array(0)))).rejects.toThrow(/no observations/)
    const hostile = Uint8Array.of(0, 0, 8, 4, ...new Uint8Array(16).fill(255))
    await expect(idxObservations(hostile)).rejects.toThrow(/more than any file can hold/)
    await expect(readIdx(hostile)).rejects.toThrow(/more than any file can hold/)
    const packed = new Uint8Array(gzipSync(good))
    packed[packed.length - 6] ^= 255
    await expect(idxObservations(packed)).rejects.toThrow(/gzip/)
    await expect(idxObservations(packed.subarray(0, 12))).rejects.toThrow(/gzip/)
  })
})
