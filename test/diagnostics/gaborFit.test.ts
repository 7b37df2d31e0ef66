import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gaborFit } from '../../src/diagnostics/gaborFit.js'
import { gaborStatistics } from '../../src/diagnostics/gaborStatistics.js'
import { quartiles } from '../../src/diagnostics/quartiles.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'

interface Planted {
  amplitude: number
  centre: [number, number]
  orientation: number
  frequency: number
  sigmas: [number, number]
  phase: number
}

/** The documented formula, pixel by pixel. */
function draw(height: number, width: number, planted: Planted): Tensor {
  const { amplitude, centre, orientation, frequency, sigmas, phase } = planted
  const data = Float32Array.from({ length: height * width }, (_, at) => {
    const [dx, dy] = [(at % width) - centre[0], Math.floor(at / width) - centre[1]]
    const along = dx * Math.cos(orientation) + dy * Math.sin(orientation)
    const across = dx * Math.cos(orientation - Math.PI / 2) + dy * Math.sin(orientation - Math.PI / 2)
    const envelope = Math.exp(-(along ** 2) / (2 * sigmas[0] ** 2) - across ** 2 / (2 * sigmas[1] ** 2))
    return amplitude * envelope * Math.cos(2 * Math.PI * frequency * across + phase)
  })
  return { shape: [height, width], data }
}

/** The distance of two angles on a circle of the given length. */
function apart(a: number, b: number, period: number): number {
  const gap = Math.abs(a - b) % period
  return Math.min(gap, period - gap)
}

const gabors = fc.record({
  amplitude: fc.double({ min: 0.01, max: 100, noNaN: true }),
  centre: fc.tuple(fc.double({ min: 5, max: 10, noNaN: true }), fc.double({ min: 5, max: 10, noNaN: true })),
  orientation: fc.double({ min: 0, max: 3.14, noNaN: true }),
  frequency: fc.double({ min: 0.12, max: 0.4, noNaN: true }),
  sigmas: fc.tuple(fc.double({ min: 2, max: 4, noNaN: true }), fc.double({ min: 1.8, max: 3.5, noNaN: true })),
  phase: fc.double({ min: -3.1, max: 3.1, noNaN: true }),
})

describe('gaborFit', () => {
  it('recovers planted Gabor functions, every parameter', () => {
    fc.assert(
      fc.property(gabors, (planted) => {
        const fit = gaborFit(draw(16, 16, planted))
        expect(fit.r2).toBeGreaterThan(0.999999)
        expect(Math.abs(fit.amplitude / planted.amplitude - 1)).toBeLessThan(1e-3)
        expect(Math.hypot(fit.centre[0] - planted.centre[0], fit.centre[1] - planted.centre[1])).toBeLessThan(0.01)
        expect(apart(fit.frequency, planted.frequency, 1)).toBeLessThan(1e-3)
        expect(Math.abs(fit.sigmas[0] - planted.sigmas[0])).toBeLessThan(0.01)
        expect(Math.abs(fit.sigmas[1] - planted.sigmas[1])).toBeLessThan(0.01)
        // An orientation just below π is one just above 0 with the wave running the other way.
        const turned = Math.abs(fit.orientation - planted.orientation) > Math.PI / 2
        expect(apart(fit.orientation, planted.orientation, Math.PI)).toBeLessThan(1e-3)
        expect(apart(turned ? -fit.phase : fit.phase, planted.phase, 2 * Math.PI)).toBeLessThan(0.02)
        expect(fit.aspectRatio).toBeCloseTo(planted.sigmas[0] / planted.sigmas[1], 2)
      }),
      { numRuns: 60, seed: 5 },
    )
  })

  it('finds the wave of a sinusoid that fills the atom', () => {
    for (const [frequency, orientation] of [
      [0.2, 0],
      [0.15, 1],
      [0.31, Math.PI / 2],
      [0.1, 2.5],
    ]) {
      const wave: Planted = { amplitude: 1, centre: [7.5, 7.5], orientation, frequency, sigmas: [1e6, 1e6], phase: 0.4 }
      const fit = gaborFit(draw(16, 16, wave))
      expect(fit.r2).toBeGreaterThan(0.98)
      expect(Math.abs(fit.frequency - frequency)).toBeLessThan(0.005)
      expect(apart(fit.orientation, orientation, Math.PI)).toBeLessThan(0.03)
    }
  })

  it('gives the bandwidth at half the height of the spectrum', () => {
    const planted: Planted = {
      amplitude: 1,
      centre: [15, 15],
      orientation: 0,
      frequency: 0.2,
      sigmas: [4, 3],
      phase: 0,
    }
    const { bandwidthOctaves } = gaborFit(draw(32, 32, planted))
    // The amplitude spectrum of the envelope is exp(−2π²σ²(f − f₀)²); the two frequencies where it is ½:
    const height = (f: number) => Math.exp(-2 * Math.PI ** 2 * 9 * (f - 0.2) ** 2)
    const low = 0.4 / (1 + 2 ** bandwidthOctaves)
    expect(height(low)).toBeCloseTo(0.5, 3)
    expect(height(low * 2 ** bandwidthOctaves)).toBeCloseTo(0.5, 3)
  })

  it('does not depend on the scale or the sign of an atom, except in amplitude and phase', () => {
    const planted: Planted = {
      amplitude: 1,
      centre: [4, 3],
      orientation: 1,
      frequency: 0.2,
      sigmas: [2, 1.5],
      phase: 1,
    }
    const atom = draw(8, 9, planted)
    const one = gaborFit(atom)
    for (const scale of [-1e-20, 1e15]) {
      const other = gaborFit({ shape: atom.shape, data: atom.data.map((value) => value * scale) })
      expect(other.amplitude / Math.abs(scale)).toBeCloseTo(one.amplitude, 4)
      expect(other.orientation).toBeCloseTo(one.orientation, 4)
      expect(other.frequency).toBeCloseTo(one.frequency, 4)
      expect(other.r2).toBeCloseTo(one.r2, 6)
    }
  })

  it('says that noise is no Gabor function, and stays within its bounds', () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = rng(seed)
      const data = Float32Array.from({ length: 256 }, () => random.normal())
      const { r2, centre, frequency, orientation, sigmas } = gaborFit({ shape: [16, 16], data })
      expect(r2).toBeLessThan(0.3)
      for (const coordinate of centre) expect(Math.abs(coordinate - 7.5)).toBeLessThanOrEqual(7.5)
      const alongAxes = frequency * Math.max(Math.abs(Math.cos(orientation)), Math.abs(Math.sin(orientation)))
      expect(alongAxes).toBeLessThanOrEqual(0.5 + 1e-12)
      for (const sigma of sigmas) expect(sigma).toBeGreaterThanOrEqual(0.4 - 1e-12)
    }
  })

  it('takes a wave of alternating columns as one at Nyquist’s frequency, not above', () => {
    const data = Float32Array.from(
      { length: 144 },
      (_, at) => (at % 2 === 0 ? 1 : -1) * Math.exp(-(((at % 12) - 5) ** 2) / 8),
    )
    const fit = gaborFit({ shape: [12, 12], data })
    expect(fit.frequency).toBeCloseTo(0.5, 3)
    expect(fit.r2).toBeGreaterThan(0.99)
  })

  it('stays finite on flat, tiny and single-pixel atoms', () => {
    for (const [height, width] of [
      [1, 1],
      [1, 7],
      [2, 2],
      [5, 3],
    ]) {
      for (const value of [0, 1, -3]) {
        const fit = gaborFit({ shape: [height, width], data: new Float32Array(height * width).fill(value) })
        expect(fit.r2).toBe(0)
        for (const part of [fit.amplitude, ...fit.centre, fit.orientation, fit.frequency, ...fit.sigmas, fit.phase]) {
          expect(part).toBeTypeOf('number')
          expect(Number.isFinite(part)).toBe(true)
        }
      }
      const single = new Float32Array(height * width)
      single[0] = 1
      expect(Number.isFinite(gaborFit({ shape: [height, width], data: single }).r2)).toBe(true)
    }
  })

  it('refuses colour atoms and NaN', () => {
    expect(() => gaborFit({ shape: [2, 2, 3], data: new Float32Array(12) })).toThrow(/2×2×3.*grey/)
    expect(() => gaborFit({ shape: [1, 2], data: Float32Array.of(0, Number.NaN) })).toThrow(/NaN/)
  })
})

describe('gaborStatistics', () => {
  const at = (orientation: number): Float32Array =>
    draw(12, 12, { amplitude: 1, centre: [5, 6], orientation, frequency: 0.25, sigmas: [3, 2], phase: 0.5 }).data

  it('counts orientations in eight bins, the first centred on horizontal stripes', () => {
    const angles = [0, 0.01, 3.13, Math.PI / 8, Math.PI / 2, (7 * Math.PI) / 8]
    const data = Float32Array.from([...angles.flatMap((angle) => [...at(angle)]), ...new Float32Array(144)])
    const statistics = gaborStatistics({ shape: [7, 12, 12], data })
    expect(statistics.orientationBins).toEqual([3, 1, 0, 0, 1, 0, 0, 1])
    expect(statistics.shareAbove07).toBeCloseTo(6 / 7, 12)
    expect(statistics.medianR2).toBeGreaterThan(0.999)
    expect(statistics.aspectRatio.median).toBeCloseTo(1.5, 2)
    expect(statistics.fits).toHaveLength(7)
  })

  it('of no atoms is 0, and refuses colour', () => {
    const nothing = gaborStatistics({ shape: [0, 4, 4], data: new Float32Array(0) })
    expect([nothing.medianR2, nothing.shareAbove07, nothing.bandwidth.median]).toEqual([0, 0, 0])
    expect(() => gaborStatistics({ shape: [1, 2, 2, 3], data: new Float32Array(12) })).toThrow(/grey atoms/)
  })
})

describe('quartiles', () => {
  it('interpolate, take infinities, and leave their input alone', () => {
    const values = [4, 1, 3, 2]
    expect(quartiles(values)).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 })
    expect(values).toEqual([4, 1, 3, 2])
    const infinite = Number.POSITIVE_INFINITY
    expect(quartiles([1, infinite, infinite])).toEqual({ lower: infinite, median: infinite, upper: infinite })
    expect(quartiles([])).toEqual({ lower: 0, median: 0, upper: 0 })
  })
})
