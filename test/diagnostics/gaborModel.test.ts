import { describe, expect, it } from 'vitest'
import { FREQUENCY, gaborProblem, LOG_ACROSS, LOG_ALONG, PARAMETERS, X, Y } from '../../src/diagnostics/gaborModel.js'
import { rng } from '../../src/tensor/random.js'

const bounds = { lowestFrequency: 0.02, smallestSigma: 0.4, largestSigma: 20 }
const random = rng(3)
const pixels = Float64Array.from({ length: 63 }, () => random.normal())
const problem = gaborProblem(pixels, 7, 9, bounds)

describe('gaborProblem', () => {
  it('has the gradient that finite differences of its cost give', () => {
    const p = Float64Array.of(0.7, -0.4, 3.2, 4.1, 0.6, 0.17, Math.log(1.5), Math.log(2.2))
    const gradient = new Float64Array(PARAMETERS)
    problem.linearize(p, new Float64Array(PARAMETERS ** 2), gradient)
    for (let i = 0; i < PARAMETERS; i++) {
      const moved = (by: number) => problem.cost(p.map((value, j) => (i === j ? value + by : value)))
      expect(gradient[i]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 4e-5, 6)
    }
  })

  it('keeps parameters within their bounds: Nyquist along an axis, farther on the diagonal', () => {
    const p = Float64Array.of(1, 1, -3, 40, 0, 2, -9, 9)
    problem.project(p)
    expect([p[X], p[Y], p[FREQUENCY]]).toEqual([0, 6, 0.5])
    expect([p[LOG_ACROSS], p[LOG_ALONG]]).toEqual([Math.log(0.4), Math.log(20)])
    const diagonal = Float64Array.of(1, 1, 3, 3, Math.PI / 4, 2, 0, 0)
    problem.project(diagonal)
    expect(diagonal[FREQUENCY]).toBeCloseTo(Math.SQRT1_2, 12)
    diagonal[FREQUENCY] = 0
    problem.project(diagonal)
    expect(diagonal[FREQUENCY]).toBe(0.02)
  })
})
