import { expect, it } from 'vitest'
import { meanAndDeviation, pairedDifference } from '../../src/diagnostics/pairedDifference.js'
import { ShapeError } from '../../src/tensor/errors.js'

it('gives means and sample deviations', () => {
  expect(meanAndDeviation([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) })
  expect(meanAndDeviation([7])).toEqual({ mean: 7, deviation: 0 })
  expect(meanAndDeviation([])).toEqual({ mean: 0, deviation: 0 })
})

it('is Student’s interval of paired differences', () => {
  // Student's own data (Biometrika 1908): hours of sleep that two drugs gained ten patients.
  const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]
  const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
  const { mean, halfWidth, verdict } = pairedDifference(first, second)
  expect(mean).toBeCloseTo(-1.58, 10)
  expect(mean - halfWidth).toBeCloseTo(-2.4599, 3)
  expect(mean + halfWidth).toBeCloseTo(-0.7001, 3)
  expect(verdict).toBe('smaller')
  expect(pairedDifference(second, first).verdict).toBe('larger')
})

it('is sure of nothing where there is one pair, or differences go both ways', () => {
  expect(pairedDifference([1], [2])).toEqual({ mean: -1, halfWidth: Number.POSITIVE_INFINITY, verdict: 'unsure' })
  expect(pairedDifference([1, 2], [2, 1]).verdict).toBe('unsure')
  expect(pairedDifference(new Array(40).fill(2), new Array(40).fill(1)).verdict).toBe('larger')
  expect(() => pairedDifference([1], [1, 2])).toThrow(ShapeError)
  expect(() => pairedDifference([], [])).toThrow(ShapeError)
})
