import { describe, expect, it } from 'vitest'
import { fromTensor } from '../../src/data/fromTensor.js'
import {
  type ConvolutionalData,
  type ConvolutionalSparseCodingOptions,
  convolutionalSparseCoding,
} from '../../src/models/convolutionalSparseCoding.js'
import { highPass } from '../../src/preprocess/highPass.js'
import { ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { rows, type Tensor, tensor } from '../../src/tensor/tensor.js'
import { plantedImages, plantedKernels } from './convolutionalProblems.js'

const side = [5, 5] as const
const marks = plantedKernels(4, ...side)
const pictures = plantedImages(marks, side, { count: 6, height: 20, width: 23, active: 8, seed: 2 })
const learnPictures = (options: Partial<ConvolutionalSparseCodingOptions> = {}) =>
  convolutionalSparseCoding({ kernels: 4, size: 5, lambda: 0.3, batchSize: 1, seed: 2, ...options })

describe('masks', () => {
  it('holds a mask that is one for all against held-out observations too, or their own', async () => {
    const [height, width] = [10, 10]
    const random = rng(7)
    const images = { shape: [3, height, width], data: Float32Array.from({ length: 300 }, () => random.normal()) }
    const one = { shape: [height, width], data: Float32Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? 0 : 1)) }
    const spoilt = { shape: images.shape, data: images.data.map((v, i) => (one.data[i % 100] === 0 ? 1e6 : v)) }
    const definition = convolutionalSparseCoding({ kernels: 2, size: 3, lambda: 0.1 })
    const heldOutOf = async (heldOut: Tensor, masks: { mask: Tensor; heldOutMask?: Tensor }) => {
      const model = await definition.fit(images, { epochs: 1, heldOut, ...masks })
      model.dispose()
      return model.history.at(-1)?.heldOutEnergy
    }
    const expected = await heldOutOf(images, { mask: one })
    expect(await heldOutOf(spoilt, { mask: one })).toBe(expected)
    const each = { shape: images.shape, data: Float32Array.from({ length: 300 }, (_, i) => one.data[i % 100]) }
    expect(await heldOutOf(spoilt, { mask: each, heldOutMask: one })).toBe(expected)
    expect(await heldOutOf(images, { mask: each })).not.toBe(expected)
  })

  it('leaves observations out of which nothing was observed, and codes them as 0', async () => {
    const three = rows(pictures, 0, 3)
    const two = {
      shape: [2, 20, 23],
      data: Float32Array.from([...rows(pictures, 0, 1).data, ...rows(pictures, 2, 3).data]),
    }
    const nothing = tensor([20, 23], new Float32Array(460))
    const masks = (index: number) => (index === 1 ? nothing : undefined)
    const learned = async (data: ConvolutionalData, mask: object) => {
      const model = await learnPictures().fit(data, { epochs: 2, heldOut: data, ...mask })
      return { model, kernels: [...model.kernels.data], last: model.history.at(-1) }
    }
    const expected = await learned(two, {})
    const given = { mask: masks, heldOutMask: masks }
    for (const data of [three, fromTensor(three)]) {
      const { model, kernels, last } = await learned(data, given)
      expect(kernels).toEqual(expected.kernels)
      expect(last).toMatchObject({ seen: 4, heldOutEnergy: expected.last?.heldOutEnergy, fraction: 1 })
      const { energy, codes, gap, status } = await model.encode(data, { mask: masks })
      expect([energy[1], gap?.[1], status[1], codes.indptr[2] - codes.indptr[1]]).toEqual([0, 0, 'converged', 0])
      expect(energy[0]).toBeGreaterThan(0)
      model.dispose()
    }
    expected.model.dispose()
  })

  it('takes masks of one observation, of its pixels, of a batch, and by number', async () => {
    const model = await learnPictures().fit(pictures, { epochs: 1 })
    const two = rows(pictures, 0, 2)
    const data = Float32Array.from({ length: 460 }, (_, i) => (i % 3 === 0 ? 0 : 1))
    const one = tensor([20, 23], data)
    const both = tensor([2, 20, 23], Float32Array.from([...data, ...data]))
    const expected = [...(await model.energy(two, { mask: one }))]
    expect([...(await model.energy(two, { mask: both }))]).toEqual(expected)
    expect([...(await model.energy(two, { mask: (index) => (index === 0 ? one : undefined) }))][0]).toBe(expected[0])
    const spoilt = tensor(
      two.shape,
      two.data.map((value, i) => (both.data[i] === 0 ? Number.NaN : value)),
    )
    expect([...(await model.energy(spoilt, { mask: both }))]).toEqual(expected)
  })

  it('are refused in a sentence where they do not fit', async () => {
    const attempts: [Tensor | (() => Tensor), object, RegExp][] = [
      [tensor([20, 22], new Float32Array(440).fill(1)), {}, /mask of 20×22.*20×23/],
      [tensor([20, 23], new Float32Array(460)), {}, /nothing was observed/],
      [tensor([20, 23], new Float32Array(460).fill(0.5)), {}, /holds 0.5; a mask is 1/],
      [() => tensor([20, 23], new Float32Array(460)), {}, /nothing was observed/],
      [tensor([20, 23], new Float32Array(460).fill(1)), { transform: [highPass()] }, /leave transform out/],
    ]
    for (const [mask, options, message] of attempts) {
      await expect(learnPictures(options).fit(pictures, { epochs: 1, mask })).rejects.toThrow(message)
    }
    const model = await learnPictures().fit(pictures, { epochs: 1 })
    await expect(model.encode(pictures, { mask: attempts[0][0] as Tensor })).rejects.toThrow(ShapeError)
  })
})
