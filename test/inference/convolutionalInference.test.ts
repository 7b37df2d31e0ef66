import { describe, expect, it } from 'vitest'
import { add, constant, encodeOnnx, input, reshape } from '../../src/graph/index.js'
import {
  coverage,
  coveredCodes,
  coveredDescent,
  coveredTerms,
  spectralBound,
} from '../../src/inference/graph/convolutionalInference.js'
import { stretches } from '../../src/inference/graph/encodeMaps.js'
import { runtime } from '../../src/runtime/runtime.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { type Covered, slowCoverage, slowCoveredEnergy } from '../reference/coveredEnergy.js'

const random = rng(5)
const noise = (shape: number[], scale = 1): Tensor => ({
  shape,
  data: Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    () => scale * random.normal(),
  ),
})

const cases: Record<string, Covered['sizes']> = { grey: [3, 1, 3, 3, 8, 7], colour: [2, 3, 3, 2, 6, 7] }

describe.each(Object.entries(cases))('the energy of a %s image', (_, sizes) => {
  const [m, c, kh, kw, h, w] = sizes
  const maps = [1, m, h - kh + 1, w - kw + 1]
  const kernels = noise([m, c, kh, kw], 0.5)
  const y = noise([1, c, h, w])
  const guess = noise(maps, 0.3)
  const weights = coverage([h, w], [kh, kw])
  const [lambda, beta] = [0.2, 0.7]
  const slow: Covered = { lambda, beta, sizes, kernels: kernels.data, y: y.data, guess: guess.data }
  const energy = { lambda, beta, weights }
  const sym = { y: constant(y), guess: constant(guess) }

  it('weighs a pixel by how many positions of a kernel cover it', () => {
    expect([...weights.data]).toEqual(slowCoverage(sizes).map((value) => expect.closeTo(value, 6)))
  })

  it('is that of the definition, and its descent the derivative of the smooth part', async () => {
    const z = input('z', maps)
    const { cost, regularizer, encoder } = coveredTerms(energy, constant(kernels), { ...sym, z })
    const outputs = {
      energy: reshape(add(add(cost, regularizer), encoder ?? 0), [1]),
      down: coveredDescent(energy, constant(kernels), { ...sym, z }),
    }
    const program = await (await runtime({ threads: 1 })).compile(encodeOnnx({ name: 'terms', outputs }))
    const at = noise(maps, 0.4)
    const found = await program.run({ z: at })
    const exact = slowCoveredEnergy(slow, at.data)
    expect(Number(found.energy.data[0])).toBeCloseTo(exact, 3)
    for (const i of [0, 7, at.data.length - 1]) {
      const moved = (by: number) =>
        slowCoveredEnergy(
          { ...slow, lambda: 0 },
          Float64Array.from(at.data).map((v, j) => v + (i === j ? by : 0)),
        )
      expect(Number(found.down.data[i])).toBeCloseTo(-(moved(1e-4) - moved(-1e-4)) / 2e-4, 3)
    }
    program.dispose()
  })

  it('is minimized to the optimality conditions by enough steps', async () => {
    const z = coveredCodes(energy, constant(kernels), { ...sym, start: sym.guess }, 300)
    const outputs = { z, down: coveredDescent(energy, constant(kernels), { ...sym, z }) }
    const program = await (await runtime({ threads: 1 })).compile(encodeOnnx({ name: 'codes', outputs }))
    const found = await program.run({})
    const [codes, down] = [[...found.z.data].map(Number), [...found.down.data].map(Number)]
    expect(codes.some((value) => value === 0)).toBe(true)
    expect(codes.some((value) => value !== 0)).toBe(true)
    for (const [i, value] of codes.entries()) {
      if (value === 0) expect(Math.abs(down[i])).toBeLessThanOrEqual(lambda + 1e-4)
      else expect(down[i]).toBeCloseTo(lambda * Math.sign(value), 3)
    }
    program.dispose()
  })

  it('has a bound of its curvature that holds and is tight to a quarter for one channel', async () => {
    const program = await (await runtime({ threads: 1 })).compile(
      encodeOnnx({ name: 'bound', outputs: { bound: reshape(spectralBound(constant(kernels)), [1]) } }),
    )
    const bound = Number((await program.run({})).bound.data[0])
    program.dispose()
    let largest = 0
    for (let f = 0; f < 64; f++) {
      for (let g = 0; g < 64; g++) largest = Math.max(largest, gain(kernels, f / 64, g / 64))
    }
    expect(bound).toBeGreaterThanOrEqual(largest * (1 - 1e-5))
    if (c === 1) expect(bound).toBeLessThan(1.25 * largest)
  })
})

/** Σᵢ of the largest |D̂ᵢc|² there can be for one unit vector over channels: at most the sum over channels, and that for one channel. */
function gain({ shape: [m, c, kh, kw], data }: Tensor, f: number, g: number): number {
  const power = new Array<number>(c).fill(0)
  for (let i = 0; i < m; i++) {
    for (let channel = 0; channel < c; channel++) {
      let [re, im] = [0, 0]
      for (let y = 0; y < kh; y++) {
        for (let x = 0; x < kw; x++) {
          const angle = 2 * Math.PI * (f * y + g * x)
          const value = data[((i * c + channel) * kh + y) * kw + x]
          re += value * Math.cos(angle)
          im += value * Math.sin(angle)
        }
      }
      power[channel] += re * re + im * im
    }
  }
  return Math.max(...power)
}

describe('stretches of an axis', () => {
  it.each([
    [5, 64, 0],
    [64, 64, 8],
    [65, 64, 0],
    [200, 64, 8],
    [1000, 64, 24],
    [81, 64, 8],
  ])('cover %i positions, kept %i, halo %i', (size, kept, halo) => {
    const { length, parts } = stretches(size, kept, halo)
    expect(length).toBeLessThanOrEqual(Math.min(size, kept + 2 * halo))
    let at = 0
    for (const { begin, keepBegin, keepEnd } of parts) {
      expect(keepBegin).toBe(at)
      expect(keepEnd).toBeGreaterThan(keepBegin)
      expect(begin >= 0 && begin + length <= size).toBe(true)
      expect(begin === 0 || keepBegin - begin >= halo).toBe(true)
      expect(begin + length === size || begin + length - keepEnd >= halo).toBe(true)
      at = keepEnd
    }
    expect(at).toBe(size)
  })
})
