import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { packData } from '../../scripts/packData.js'
import { digits } from '../../src/data/digits.js'
import { photographs } from '../../src/data/photographs.js'
import { ConfigurationError } from '../../src/tensor/errors.js'

const folder = fileURLToPath(new URL('../../src/data/embedded/', import.meta.url))

beforeAll(async () => {
  await packData()
})

describe('what comes with the package', () => {
  it('is at most 6 MB, and is packed once', async () => {
    const sizes = readdirSync(folder).map((name) => statSync(folder + name).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6e6)
    const before = readdirSync(folder).map((name) => statSync(folder + name).mtimeMs)
    await packData()
    expect(readdirSync(folder).map((name) => statSync(folder + name).mtimeMs)).toEqual(before)
  })
})

describe('digits', () => {
  it('are 10,000, classes mixed, always the same', async () => {
    const { observations, labels } = await digits()
    expect(observations.shape).toEqual([10_000, 28, 28])
    expect(labels.length).toBe(10_000)
    const perClass = Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length)
    // As counted in the package mnist.
    expect(perClass).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])
    for (let begin = 0; begin < 10_000; begin += 1000)
      expect(new Set(labels.subarray(begin, begin + 1000)).size).toBe(10)
    const again = await digits()
    expect(again.labels).toEqual(labels)
    expect(Buffer.compare(Buffer.from(again.observations.data.buffer), Buffer.from(observations.data.buffer))).toBe(0)
  })

  it('are strokes of ink on paper, in steps of 1/255', async () => {
    const { observations, labels } = await digits()
    let [ink, off] = [0, 0]
    for (const value of observations.data) {
      ink += value
      off = Math.max(off, Math.abs(value * 255 - Math.round(value * 255)), value - 1, -value)
    }
    expect(off).toBeLessThan(1e-4)
    // The mean pixel of MNIST is 0.1307.
    expect(Math.abs(ink / observations.data.length - 0.1307)).toBeLessThan(0.002)
    // Labels belong to their pictures: a 1 has less ink than a 0.
    const mean = (digit: number) => {
      let [sum, count] = [0, 0]
      for (const [i, label] of labels.entries()) {
        if (label !== digit) continue
        sum += observations.data.subarray(i * 784, (i + 1) * 784).reduce((total, value) => total + value, 0)
        count++
      }
      return sum / count
    }
    expect(mean(1)).toBeLessThan(0.5 * mean(0))
  })
})

describe('photographs', () => {
  it('are seven, grey or in colour, in [0, 1], of about 1024 pixels', async () => {
    const grey = await photographs()
    const colour = await photographs({ colour: true })
    expect([grey.count, grey.channels, colour.count, colour.channels]).toEqual([7, 1, 7, 3])
    for (let i = 0; i < grey.count; i++) {
      const image = await grey.image(i)
      expect(Math.max(...image.shape)).toBe(1024)
      const mean = image.data.reduce((sum, value) => sum + value, 0) / image.data.length
      const variance = image.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / image.data.length
      expect(image.data.every((value) => value >= 0 && value <= 1)).toBe(true)
      expect(Math.sqrt(variance)).toBeGreaterThan(0.05)
      expect(grey.label(i).length).toBeGreaterThan(3)
    }
    expect((await colour.image(3)).shape).toEqual([...(await grey.image(3)).shape, 3])
    await expect(grey.image(7)).rejects.toThrow(ConfigurationError)
  })
})
