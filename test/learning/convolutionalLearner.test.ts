import { describe, expect, it } from 'vitest'
import { boundaries, kernelGeometry } from '../../src/inference/convolutional/geometry.js'
import { planarKernels } from '../../src/learning/convolutional/canvas.js'
import {
  ConvolutionalLearner,
  type ConvolutionalLearnerSettings,
  type LearningObservation,
} from '../../src/learning/convolutional/convolutionalLearner.js'
import { rng } from '../../src/tensor/random.js'
import { rows, type Tensor } from '../../src/tensor/tensor.js'
import { foundAgain, plantedImages, plantedKernels } from '../models/convolutionalProblems.js'

const side = [5, 5] as const
const marks = plantedKernels(4, ...side)
const pictures = plantedImages(marks, side, { count: 3, height: 17, width: 19, active: 8, seed: 2 })
const shape = kernelGeometry([4, 5, 5], 2)

const learnerWith = (settings: Partial<ConvolutionalLearnerSettings> = {}) =>
  new ConvolutionalLearner({
    kernels: shape,
    boundary: 'same',
    lambda: 0.2,
    nonNegative: false,
    nonNegativeKernels: false,
    learning: { kind: 'batch' },
    deadAfter: 1_000_000,
    duplicateCosine: 1,
    centring: false,
    tolerance: 1e-5,
    seed: 2,
    threads: undefined,
    ...settings,
  })

const imageOf = (batch: Tensor, row: number): Tensor => ({
  shape: batch.shape.slice(1),
  data: rows(batch, row, row + 1).data,
})

/** One pass; the summed energy before the move at its end. */
async function pass(learner: ConvolutionalLearner, batch: Tensor, mask?: Tensor): Promise<number> {
  let sum = 0
  for (let row = 0; row < batch.shape[0]; row++) {
    const last = row === batch.shape[0] - 1
    const item: LearningObservation = { observation: imageOf(batch, row), index: row, mask, moves: last }
    sum += (await learner.learn(item)).energy
  }
  return sum
}

/** A learner at given kernels that has seen nothing. */
function at(
  kernels: readonly (readonly number[])[],
  settings: Partial<ConvolutionalLearnerSettings> = {},
): ConvolutionalLearner {
  const learner = learnerWith(settings)
  learner.restore({ ...learner.state(), kernels: Float32Array.from(kernels.flat()) })
  return learner
}

const kernelsOf = (learner: ConvolutionalLearner) => {
  const { data } = learner.kernels()
  return Array.from({ length: 4 }, (_, k) => [...data.subarray(k * 25, k * 25 + 25)])
}

/** A kernel moved by whole pixels, cut at the border, back at norm 1. */
function moved(kernel: readonly number[], dy: number, dx: number): number[] {
  const out = kernel.map((_, i) => {
    const [y, x] = [Math.floor(i / 5) - dy, (i % 5) - dx]
    return y >= 0 && y < 5 && x >= 0 && x < 5 ? kernel[y * 5 + x] : 0
  })
  const norm = Math.hypot(...out)
  return out.map((value) => value / norm)
}

describe('learning in batches', () => {
  for (const boundary of boundaries) {
    for (const masked of [false, true]) {
      it(`never raises the energy: ${boundary}${masked ? ', masked' : ''}`, async () => {
        const mask = masked
          ? { shape: [17, 19], data: Float32Array.from({ length: 323 }, (_, i) => (i % 4 === 0 ? 0 : 1)) }
          : undefined
        const learner = learnerWith({ boundary })
        learner.initialize([{ observation: imageOf(pictures, 0), mask }])
        let before = Number.POSITIVE_INFINITY
        let first = 0
        for (let time = 0; time < 8; time++) {
          const energy = await pass(learner, pictures, mask)
          if (time === 0) first = energy
          expect(energy).toBeLessThanOrEqual(before * (1 + 2e-5))
          before = energy
        }
        expect(before).toBeLessThan(0.97 * first)
      })
    }
  }
})

describe('policies', () => {
  it('replace a kernel that nothing uses from where the residual is largest', async () => {
    // A checkerboard of the finest pitch is nowhere in the data.
    const useless = Array.from({ length: 25 }, (_, i) => (i % 2 === 0 ? 0.2 : -0.2))
    const learner = at([marks[0], marks[1], marks[2], useless], { deadAfter: 3, lambda: 0.6 })
    await pass(learner, pictures)
    expect(learner.policyCounts).toEqual({ dead: 1, duplicates: 0, centred: 0 })
    for (let time = 0; time < 4; time++) await pass(learner, pictures)
    expect(Math.min(...foundAgain(marks, learner.kernels(), side))).toBeGreaterThan(0.8)
    expect(learner.policyCounts.dead).toBe(1)
    expect(learner.usage().every((use) => use > 0)).toBe(true)
  })

  it('keep a kernel that is used now and then', async () => {
    const learner = at(marks, { deadAfter: 3 })
    for (let time = 0; time < 3; time++) await pass(learner, pictures)
    expect(learner.policyCounts.dead).toBe(0)
  })

  it('replace the less used of two kernels that are alike up to a shift', async () => {
    for (const learning of [{ kind: 'batch' }, { kind: 'online', forgetting: 0 }] as const) {
      const small = marks.map((kernel) => moved(moved(kernel, -1, 0), 1, 0))
      const twin = moved(small[1], 1, 0)
      const learner = at([small[0], small[1], small[2], twin], { duplicateCosine: 0.8, learning, deadAfter: 3 })
      for (let time = 0; time < 15; time++) await pass(learner, pictures)
      expect(learner.policyCounts.duplicates).toBeGreaterThanOrEqual(1)
      expect(Math.min(...foundAgain(marks, learner.kernels(), side))).toBeGreaterThan(0.9)
    }
  })

  it('tell kernels from their negatives only where codes are ≥ 0', async () => {
    const negative = marks[0].map((value) => -value)
    for (const nonNegative of [false, true]) {
      const learner = at([marks[0], negative, marks[1], marks[2]], { duplicateCosine: 0.7, nonNegative })
      await pass(learner, pictures)
      expect(learner.policyCounts.duplicates).toBe(nonNegative ? 0 : 1)
    }
  })

  it('move a kernel that has drifted back to its middle, and the codes and statistics with it', async () => {
    // A dot in a corner of its window.
    const dot = (y: number, x: number) => Array.from({ length: 25 }, (_, i) => (i === y * 5 + x ? 1 : 0))
    const random = rng(5)
    const data = Float32Array.from({ length: 300 }, () => (random.uniform() < 0.1 ? random.normal() : 0))
    const batch = { shape: [1, 15, 20], data }
    for (const learning of [{ kind: 'batch' }, { kind: 'online', forgetting: 1 }] as const) {
      const learner = at([dot(0, 4), marks[0], marks[1], marks[2]], { centring: true, learning })
      const before = await pass(learner, batch)
      expect(learner.policyCounts.centred).toBeGreaterThanOrEqual(1)
      const [kernel] = kernelsOf(learner)
      expect(Math.abs(kernel[12])).toBeGreaterThan(0.9)
      // The code that is kept starts where it ended.
      const after = await pass(learner, batch)
      expect(after).toBeLessThanOrEqual(before * 1.001)
    }
  })
})

describe('a learner', () => {
  it('forgets older observations as it says', async () => {
    const learner = at(marks, { learning: { kind: 'online', forgetting: 2 } })
    await learner.learn({ observation: imageOf(pictures, 0), moves: false })
    const first = learner.state()
    await learner.learn({ observation: imageOf(pictures, 1), moves: false })
    const both = learner.state()
    const alone = at(marks, { learning: { kind: 'online', forgetting: 2 } })
    await alone.learn({ observation: imageOf(pictures, 1), moves: false })
    const second = alone.state()
    for (const name of ['codeProducts', 'dataProducts', 'usage'] as const) {
      // Two observations of one size: the first counts (1 − ½)² as much.
      both[name].forEach((value, i) => {
        expect(Math.abs(value - 0.25 * first[name][i] - second[name][i])).toBeLessThanOrEqual(1e-9)
      })
    }
    expect(learner.observationsSeen).toBe(2)
  })

  it('goes on from its state as if it had never stopped', async () => {
    for (const learning of [{ kind: 'batch' }, { kind: 'online', forgetting: 5 }] as const) {
      const settings = { learning, duplicateCosine: 0.6, centring: true, deadAfter: 4, tolerance: 0.01 }
      const learner = learnerWith(settings)
      learner.initialize([{ observation: imageOf(pictures, 0) }])
      await pass(learner, pictures)
      await learner.learn({ observation: imageOf(pictures, 2), index: 2, moves: false })
      const other = learnerWith({ ...settings, threads: 1 })
      other.restore(learner.state())
      expect(other.state()).toEqual(learner.state())
      for (const each of [learner, other]) for (let time = 0; time < 2; time++) await pass(each, pictures)
      expect(other.state()).toEqual(learner.state())
    }
  })

  it('starts from windows of what it is given, of norm 1, where there is energy', () => {
    const learner = learnerWith()
    const image = { shape: [30, 30], data: new Float32Array(900) }
    for (let i = 0; i < 25; i++) image.data[(10 + Math.floor(i / 5)) * 30 + 12 + (i % 5)] = Math.sin(i)
    learner.initialize([{ observation: image }])
    const planar = planarKernels(learner.kernels().data, { kernels: shape })
    for (let k = 0; k < 4; k++) expect(Math.hypot(...planar.subarray(k * 25, k * 25 + 25))).toBeCloseTo(1, 5)
    const again = learnerWith()
    again.initialize([{ observation: image }])
    expect([...again.kernels().data]).toEqual([...learner.kernels().data])
  })
})
