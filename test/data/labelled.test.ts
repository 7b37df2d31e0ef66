import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digits } from '../../src/data/digits.js'
import { writeIdx } from '../../src/data/idx.js'
import { checkedLabelled } from '../../src/data/labelled.js'
import { writeNpy } from '../../src/data/npy.js'
import { openLabelled } from '../../src/data/openLabelled.js'
import { resized } from '../../src/data/resize.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { png, temporaryFolder } from '../cli/support.js'

/** A folder with images of some sizes in folders of their classes. */
async function folderOf(classes: Readonly<Record<string, readonly (readonly [number, number])[]>>): Promise<string> {
  const folder = temporaryFolder()
  for (const [name, sizes] of Object.entries(classes)) {
    mkdirSync(join(folder, name))
    for (const [i, [height, width]] of sizes.entries()) {
      writeFileSync(join(folder, name, `${i}.png`), await png(height, width, i + 1))
    }
  }
  return folder
}

describe('labelled folders', () => {
  it('give an image for each file, and call classes as the folders', async () => {
    const folder = await folderOf({
      b: [[8, 6]],
      a: [
        [8, 6],
        [8, 6],
      ],
    })
    writeFileSync(join(folder, 'notes.txt'), 'not an image')
    mkdirSync(join(folder, '.hidden'))
    const told: number[][] = []
    const found = await openLabelled(folder, { onImages: (...each) => told.push(each) })
    expect(found.classes).toEqual(['a', 'b'])
    expect([...found.labels]).toEqual([0, 0, 1])
    expect(found.observations.shape).toEqual([3, 8, 6])
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
    expect((await openLabelled(folder, { colour: true })).observations.shape).toEqual([3, 8, 6, 3])
    const stop = new AbortController()
    stop.abort()
    await expect(openLabelled(folder, { signal: stop.signal })).rejects.toThrow(CancelledError)
  })

  it('of unequal sizes are told of by name, and can be brought to one', async () => {
    const folder = await folderOf({
      a: [[8, 6]],
      b: [
        [8, 6],
        [9, 6],
      ],
    })
    await expect(openLabelled(folder)).rejects.toThrow(/a\/0\.png is 8×6, b\/1\.png is 9×6.*--size/)
    expect((await openLabelled(folder, { size: [4, 4] })).observations.shape).toEqual([3, 4, 4])
  })

  it('refuse a file that is named like an image and is none, and name a damaged one with its folder', async () => {
    const folder = await folderOf({ a: [[8, 8]], b: [[8, 8]] })
    const file = join(folder, 'b', '1.png')
    writeFileSync(file, '')
    await expect(openLabelled(folder)).rejects.toThrow(/b.1\.png is named like an image, but is empty/)
    writeFileSync(file, 'not an image at all')
    await expect(openLabelled(folder)).rejects.toThrow(/b.1\.png is named like an image, but does not begin like one/)
    writeFileSync(file, (await png(8, 8, 1)).subarray(0, 60))
    await expect(openLabelled(folder)).rejects.toThrow(/b.1\.png is a damaged image/)
  })

  it('that are no numbers of classes are told of without classes that nobody named', async () => {
    const observations = { shape: [2, 1], data: Float32Array.of(1, 2) }
    for (const label of [-1, 0.5, Number.NaN, 2_000_000_000]) {
      await expect(checkedLabelled({ observations, labels: [0, label] })).rejects.toThrow(
        `Label 1 of the labelled observations is ${label}; labels are whole numbers from 0 to 9999. Number the classes`,
      )
    }
  })

  it('need classes with images, two or more of them, and none that is unknown', async () => {
    await expect(openLabelled(await folderOf({ a: [[8, 6]] }))).rejects.toThrow(/all of one class \(a\)/)
    await expect(openLabelled(await folderOf({ a: [[8, 6]], b: [] }))).rejects.toThrow(/b holds no/)
    const folder = await folderOf({ a: [[8, 6]], c: [[8, 6]] })
    await expect(openLabelled(folder, { classes: ['a', 'b'] })).rejects.toThrow(/folder c, which is no class.*a, b/)
    const one = await openLabelled(await folderOf({ b: [[8, 6]] }), { classes: ['a', 'b'] })
    expect([...one.labels]).toEqual([1])
  })
})

describe('labels beside observations', () => {
  it('come with digits, or from a file of IDX or npy', async () => {
    const found = await openLabelled('digits')
    const { labels } = await digits()
    expect(Buffer.compare(Buffer.from(found.labels), Buffer.from(labels))).toBe(0)
    expect(found.classes.join('')).toBe('0123456789')
    const folder = temporaryFolder()
    const data = join(folder, 'images.npy')
    writeFileSync(data, writeNpy({ shape: [4, 3, 3], data: new Float32Array(36).fill(0.5) }))
    for (const file of [
      writeIdx([4], Uint8Array.of(0, 1, 0, 1)),
      writeNpy({ shape: [4], data: BigInt64Array.of(0n, 1n, 0n, 1n) }),
    ]) {
      expect([...(await openLabelled(data, { labels: file })).labels]).toEqual([0, 1, 0, 1])
    }
    const wrong = (labels: Parameters<typeof writeNpy>[0]) => openLabelled(data, { labels: writeNpy(labels) })
    await expect(wrong({ shape: [2, 2], data: new Int32Array(4) })).rejects.toThrow(/2×2; labels are one row/)
    await expect(wrong({ shape: [3], data: Int32Array.of(0, 1, 0) })).rejects.toThrow(/4 observations and 3 labels/)
    await expect(wrong({ shape: [4], data: Int32Array.of(0, 1, 0, -1) })).rejects.toThrow(/Label 3 .* is -1/)
    await expect(wrong({ shape: [4], data: Float64Array.of(0, 1, 0, 0.5) })).rejects.toThrow(/Label 3 .* is 0\.5/)
    await expect(openLabelled(data)).rejects.toThrow(ConfigurationError)
    await expect(openLabelled(data)).rejects.toThrow(/Nothing tells the classes of .*images\.npy/)
    expect(
      (await openLabelled(data, { labels: writeIdx([4], Uint8Array.of(0, 1, 0, 1)), size: [2, 2] })).observations.shape,
    ).toEqual([4, 2, 2])
  })

  it('may be in memory or a source', async () => {
    const observations = { shape: [2, 3], data: new Float32Array(6) }
    expect((await checkedLabelled({ observations, labels: [1, 0] })).classes).toEqual(['0', '1'])
    await expect(checkedLabelled({ observations, labels: [1, 2e9] })).rejects.toThrow(DataError)
    await expect(checkedLabelled({ observations, labels: [0, 1], classes: ['a', 'b', 'c'] })).rejects.toThrow(/class c/)
    await expect(checkedLabelled({ observations, labels: [0] })).rejects.toThrow(ShapeError)
  })
})

describe('resized', () => {
  it('takes means over the areas of new pixels', () => {
    const image = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }
    expect([...resized(image, [1, 1]).data]).toEqual([3.5])
    expect([...resized(image, [1, 3]).data]).toEqual([2.5, 3.5, 4.5])
    const halves = resized(image, [2, 2]).data
    for (const [i, value] of [4 / 3, 8 / 3, 13 / 3, 17 / 3].entries()) expect(halves[i]).toBeCloseTo(value, 6)
    expect([...resized(image, [4, 3]).data]).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    expect(resized(image, [2, 3])).toBe(image)
    const colour = resized({ shape: [1, 2, 3], data: Float32Array.of(0, 1, 2, 4, 5, 6) }, [1, 1])
    expect(colour).toEqual({ shape: [1, 1, 3], data: Float32Array.of(2, 3, 4) })
    expect(() => resized(image, [0, 2])).toThrow(ConfigurationError)
  })

  it('keeps the mean whatever the size', () => {
    const data = Float32Array.from({ length: 7 * 11 }, (_, i) => (i * 37) % 19)
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    for (const size of [
      [3, 4],
      [7, 5],
      [13, 11],
      [1, 20],
    ] as const) {
      expect(mean(resized({ shape: [7, 11], data }, size).data)).toBeCloseTo(mean(data), 4)
    }
  })
})
