import { describe, expect, it } from 'vitest'
import { ImagePatches, PatchMean } from '../../src/restoration/imagePatches.js'
import { tensor } from '../../src/tensor/tensor.js'
import { noisy, stripedImage } from './pictures.js'

describe('overlapping patches', () => {
  it('less their means, and put together again, are the image, at every stride', () => {
    for (const shape of [
      [13, 17],
      [9, 10, 3],
      [6, 5, 2],
    ] as const) {
      const image = noisy(stripedImage(shape[0], shape[1], shape[2]), 0.1)
      for (const [patch, stride] of [
        [4, 1],
        [5, 2],
        [5, 3],
        [2, 7],
      ] as const) {
        const source = new ImagePatches(image, patch, stride)
        const all = Uint32Array.from({ length: source.count }, (_, i) => i)
        const { patches, means } = source.centred(all)
        const mean = new PatchMean(source, 0)
        for (const i of all) {
          mean.add(i, patches.data, i * source.size, means, i * source.channels, 1 + (i % 3))
          for (let channel = 0; channel < source.channels; channel++) {
            let sum = 0
            for (let p = channel; p < source.size; p += source.channels) sum += patches.data[i * source.size + p]
            expect(Math.abs(sum)).toBeLessThan(1e-5)
          }
        }
        for (const [at, value] of mean.image().data.entries()) {
          expect(Math.abs(value - image.data[at])).toBeLessThan(1e-6)
        }
      }
    }
  })

  it('count as much as they weigh', () => {
    const image = tensor([1, 3], Float32Array.of(0, 0, 0))
    const source = new ImagePatches(image, [1, 2])
    const mean = new PatchMean(source, 1)
    mean.add(0, Float32Array.of(1, 1), 0, Float32Array.of(1), 0, 3)
    mean.add(1, Float32Array.of(9, 4, 4), 1, Float32Array.of(9, 0), 1, 2)
    expect([...mean.image().data]).toEqual([6 / 4, 14 / 6, 8 / 3].map(Math.fround))
  })

  it('are drawn without repetition, the same for a seed', () => {
    const source = new ImagePatches(stripedImage(30, 30), 8)
    const drawn = source.sample(100, 5)
    expect(new Set(drawn).size).toBe(100)
    expect(Math.max(...drawn)).toBeLessThan(source.count)
    expect(source.sample(100, 5)).toEqual(drawn)
    expect(source.sample(100, 6)).not.toEqual(drawn)
    expect(source.sample(1000, 5).length).toBe(source.count)
  })
})
