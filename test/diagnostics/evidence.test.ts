import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { activeUnits, UnitActivity } from '../../src/diagnostics/activeUnits.js'
import { EvidenceSums } from '../../src/diagnostics/evidence.js'
import { importanceSampled } from '../../src/diagnostics/importanceSampling.js'
import { ConfigurationError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'

describe('active units', () => {
  it('are those whose means vary over observations by more than 0.01', () => {
    const data = Float32Array.from({ length: 300 }, (_, i) => [((i / 3) % 2) - 0.5, 7, 0.05 * ((i / 3) % 2)][i % 3])
    const { count, activity } = activeUnits({ shape: [100, 3], data })
    expect(count).toBe(1)
    expect(activity[1]).toBe(0)
    expect(activeUnits({ shape: [100, 3], data }, 1e-4).count).toBe(2)
  })

  it('have the variance of the textbook, however the batches are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 40 }),
        fc.nat(40),
        (values, cut) => {
          const data = Float32Array.from(values)
          const mean = data.reduce((sum, value) => sum + value, 0) / data.length
          const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (data.length - 1)
          const activity = new UnitActivity(1)
          const at = Math.min(cut, data.length)
          activity.add({ shape: [at, 1], data: data.subarray(0, at) })
          activity.add({ shape: [data.length - at, 1], data: data.subarray(at) })
          expect(activity.result().activity[0]).toBeCloseTo(variance, 5)
        },
      ),
    )
  })

  it('refuses means of other units, and finds none active in one observation', () => {
    expect(() => new UnitActivity(2).add({ shape: [1, 3], data: new Float32Array(3) })).toThrow(ShapeError)
    expect(activeUnits({ shape: [1, 2], data: Float32Array.of(3, 4) }).count).toBe(0)
  })
})

describe('importance sampling', () => {
  it('is the log of the mean weight, in groups where there are more samples', () => {
    const weights = [1, 2, 3, 6, 10]
    const logs = weights.map(Math.log)
    expect(importanceSampled(logs, 5, 5)[0]).toBeCloseTo(Math.log(22 / 5), 12)
    expect(importanceSampled(logs, 5, 2)[0]).toBeCloseTo((Math.log(1.5) + Math.log(4.5)) / 2, 12)
    expect(importanceSampled(logs, 5, 1)[0]).toBeCloseTo(logs.reduce((a, b) => a + b) / 5, 12)
  })

  it('never falls as K grows, and holds weights that no number could', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5000, max: 5000, noNaN: true }), { minLength: 12, maxLength: 12 }),
        (logs) => {
          const bounds = [1, 2, 4, 12].map((k) => importanceSampled(logs, 12, k)[0])
          for (let i = 1; i < bounds.length; i++) expect(bounds[i]).toBeGreaterThanOrEqual(bounds[i - 1] - 1e-9)
        },
      ),
    )
  })

  it('comes to the true likelihood of a Gaussian whose posterior is not quite known', () => {
    // y = z + ε, both N(0, 1): p(y) = N(y; 0, 2), p(z | y) = N(y/2, 1/2). Samples come from N(y/2, 1) instead.
    const [random, y, samples] = [rng(4), 1.5, 4000]
    const normal = (x: number, mean: number, variance: number) =>
      -0.5 * Math.log(2 * Math.PI * variance) - (x - mean) ** 2 / (2 * variance)
    const logs = Array.from({ length: samples }, () => {
      const z = y / 2 + random.normal()
      return normal(z, 0, 1) + normal(y, z, 1) - normal(z, y / 2, 1)
    })
    const truth = normal(y, 0, 2)
    const [one, all] = [importanceSampled(logs, samples, 1)[0], importanceSampled(logs, samples, samples)[0]]
    expect(all).toBeCloseTo(truth, 1)
    expect(one).toBeLessThan(truth - 0.1)
  })

  it('says what K may be', () => {
    expect(() => importanceSampled([0, 0], 2, 3)).toThrow(ConfigurationError)
    expect(() => importanceSampled([0, 0, 0], 2, 1)).toThrow(ShapeError)
    expect(importanceSampled([Number.NaN, 0], 2, 2)[0]).toBeNaN()
    expect(importanceSampled([-Infinity, -Infinity], 2, 2)[0]).toBe(-Infinity)
  })
})

describe('evidence', () => {
  it('is a mean over observations, whatever the batches', () => {
    const sums = new EvidenceSums(1, 2, [1, 2])
    sums.add({
      means: { shape: [1, 1], data: Float32Array.of(3) },
      reconstruction: [10],
      kl: [2],
      logWeights: [-12, -12],
    })
    sums.add({
      means: { shape: [2, 1], data: Float32Array.of(0, 0) },
      reconstruction: [4, 4],
      kl: [1, 3],
      logWeights: [-5, -5, -7, -7],
    })
    const evidence = sums.result()
    expect(evidence).toMatchObject({ observations: 3, reconstruction: 6, kl: 2, elbo: -8 })
    expect(evidence.logLikelihood).toEqual([
      { samples: 1, value: -8 },
      { samples: 2, value: -8 },
    ])
    expect(evidence.meanNorm).toBeCloseTo(Math.sqrt(3), 12)
    expect(evidence.activeUnits.count).toBe(1)
  })
})
