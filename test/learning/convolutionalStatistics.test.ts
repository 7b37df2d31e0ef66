import { describe, expect, it } from 'vitest'
import { boundaries } from '../../src/inference/convolutional/geometry.js'
import { reconstructCanvas } from '../../src/learning/convolutional/canvas.js'
import { moveKernels, surrogate } from '../../src/learning/convolutional/moveKernels.js'
import { placedCodes } from '../../src/learning/convolutional/placedCodes.js'
import { ConvolutionalStatistics } from '../../src/learning/convolutional/statistics.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { convolvedAt, quadraticEnergy } from '../reference/convolutionalLearning.js'
import { kernelsOf, randomKernels, randomObservation } from './convolutionalProblems.js'

/** Sizes of kernels and images: odd and even, higher than wide, one pixel, images hardly larger than kernels. */
const sizes = [
  {
    kernels: kernelsOf(3, 2, 3, 1),
    images: [
      [7, 9],
      [5, 4],
    ],
  },
  {
    kernels: kernelsOf(2, 3, 3, 2),
    images: [
      [6, 6],
      [3, 5],
    ],
  },
  {
    kernels: kernelsOf(2, 4, 3, 1),
    images: [
      [5, 4],
      [4, 3],
    ],
  },
  {
    kernels: kernelsOf(4, 1, 5, 1),
    images: [
      [1, 23],
      [1, 7],
    ],
  },
  { kernels: kernelsOf(2, 1, 1, 3), images: [[3, 3]] },
] as const

for (const boundary of boundaries) {
  for (const masked of [false, true]) {
    for (const { kernels: shape, images } of sizes) {
      const name = `${boundary}${masked ? ', masked' : ''}: ${shape.count} kernels ${shape.height}×${shape.width}×${shape.channels}`
      describe(name, () => {
        const random = rng(shape.height * 100 + shape.width * 10 + shape.channels, masked ? 1 : 0)
        const kernels = randomKernels(random, shape)
        const observations = images.map((size) => randomObservation(random, kernels, shape, boundary, size, masked))
        const statistics = new ConvolutionalStatistics(shape)
        for (const { codes, place, canvas } of observations) statistics.add(placedCodes(codes, place), canvas)
        const energyOf = (k: Float64Array) => observations.reduce((sum, o) => sum + quadraticEnergy(k, o), 0)

        it('the canvas of a code is its convolution with the kernels', () => {
          const { codes, maps, place } = observations[0]
          const found = reconstructCanvas(codes, kernels, place)
          for (let c = 0; c < shape.channels; c++) {
            for (let y = 0; y < place.canvasHeight; y++) {
              for (let x = 0; x < place.canvasWidth; x++) {
                const expected = convolvedAt(kernels, maps, place, c, y, x)
                expect(found[(c * place.canvasHeight + y) * place.canvasWidth + x]).toBeCloseTo(expected, 4)
              }
            }
          }
        })

        it('statistics say what the quadratic energy of any other kernels is', () => {
          const constant = energyOf(kernels) - surrogate(kernels, statistics)
          for (let time = 0; time < 3; time++) {
            const others = randomKernels(random, shape)
            const expected = energyOf(others)
            expect(Math.abs(surrogate(others, statistics) + constant - expected)).toBeLessThanOrEqual(1e-6 * expected)
          }
        })

        it('a move lowers it as it says, to kernels of norm 1', () => {
          for (const nonNegative of [false, true]) {
            const moved = nonNegative ? kernels.map(Math.abs) : kernels.slice()
            let before = energyOf(moved)
            for (let time = 0; time < 4; time++) {
              const fall = moveKernels(moved, statistics, { sweeps: 1, nonNegative })
              const after = energyOf(moved)
              expect(fall).toBeGreaterThanOrEqual(0)
              expect(Math.abs(before - after - fall)).toBeLessThanOrEqual(1e-5 * before)
              before = after
            }
            const size = moved.length / shape.count
            for (let k = 0; k < shape.count; k++) {
              expect(Math.hypot(...moved.subarray(k * size, (k + 1) * size))).toBeCloseTo(1, 9)
            }
            if (nonNegative) expect(Math.min(...moved)).toBeGreaterThanOrEqual(0)
          }
        })
      })
    }
  }
}

describe('statistics', () => {
  it('fade, and forget one kernel as if its map had been 0', () => {
    const shape = kernelsOf(3, 3, 2, 1)
    const random = rng(8)
    const kernels = randomKernels(random, shape)
    const { codes, place, canvas } = randomObservation(random, kernels, shape, 'same', [8, 7], false)
    const whole = new ConvolutionalStatistics(shape)
    whole.add(placedCodes(codes, place), canvas)
    const faded = new ConvolutionalStatistics(shape)
    faded.add(placedCodes(codes, place), canvas)
    faded.forget(0.25)
    expect([...faded.codeProducts]).toEqual([...whole.codeProducts].map((value) => 0.25 * value))
    expect([...faded.usage]).toEqual([...whole.usage].map((value) => 0.25 * value))
    whole.clear(1)
    const positions = place.mapHeight * place.mapWidth
    const values = codes.values.map((value, i) => (Math.floor(codes.indices[i] / positions) === 1 ? 0 : value))
    const without = new ConvolutionalStatistics(shape)
    without.add(placedCodes({ ...codes, values }, place), canvas)
    expect([...whole.codeProducts].map((v) => v + 0)).toEqual([...without.codeProducts].map((v) => v + 0))
    expect([...whole.dataProducts].map((v) => v + 0)).toEqual([...without.dataProducts].map((v) => v + 0))
  })

  it('of too many kernels are refused with their size', () => {
    expect(() => new ConvolutionalStatistics(kernelsOf(4096, 16, 16, 1))).toThrow(ConfigurationError)
    expect(() => new ConvolutionalStatistics(kernelsOf(4096, 16, 16, 1))).toThrow(/GiB; use fewer or smaller/)
  })
})

describe('a move', () => {
  it('brings one kernel to the least of its quadratic form on the sphere', () => {
    // A single coefficient: Q = −⟨Ψ, K⟩ + ½z²‖K‖², least where K is the data's direction.
    const shape = kernelsOf(1, 3, 3, 1)
    const statistics = new ConvolutionalStatistics(shape)
    statistics.codeProducts[statistics.indexOf(0, 0, 0, 0)] = 4
    const random = rng(3)
    statistics.dataProducts.set(Float64Array.from({ length: 9 }, () => random.normal()))
    const kernels = randomKernels(random, shape)
    moveKernels(kernels, statistics, { sweeps: 3, nonNegative: false })
    const norm = Math.hypot(...statistics.dataProducts)
    for (let i = 0; i < 9; i++) expect(kernels[i]).toBeCloseTo(statistics.dataProducts[i] / norm, 6)
  })

  it('leaves kernels without use where they are', () => {
    const shape = kernelsOf(2, 2, 2, 1)
    const kernels = randomKernels(rng(4), shape)
    const before = [...kernels]
    expect(moveKernels(kernels, new ConvolutionalStatistics(shape), { sweeps: 2, nonNegative: false })).toBe(0)
    expect([...kernels]).toEqual(before)
  })
})
