import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cosineForward, cosineInverse } from '../../src/preprocess/cosine.js'
import { fourier } from '../../src/preprocess/fourier.js'
import { rng } from '../../src/tensor/random.js'

function signal(length: number, seed: number): Float64Array {
  const random = rng(seed)
  return Float64Array.from({ length }, () => random.normal())
}

/** The definition, term by term. */
function slowly(real: Float64Array, imaginary: Float64Array) {
  const n = real.length
  const sum = (k: number, part: (re: number, im: number, angle: number) => number) =>
    real.reduce((total, re, i) => total + part(re, imaginary[i], (-2 * Math.PI * ((k * i) % n)) / n), 0)
  return {
    real: real.map((_, k) => sum(k, (re, im, angle) => re * Math.cos(angle) - im * Math.sin(angle))),
    imaginary: real.map((_, k) => sum(k, (re, im, angle) => re * Math.sin(angle) + im * Math.cos(angle))),
  }
}

const gap = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)

describe('fourier', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 30, 60, 64, 97, 120, 143, 289, 321])(
    'agrees with the definition at length %i, and its inverse undoes it',
    (length) => {
      const real = signal(length, length)
      const imaginary = signal(length, length + 1000)
      const expected = slowly(real, imaginary)
      const [a, b] = [real.slice(), imaginary.slice()]
      fourier(length).forward(a, b)
      expect(gap(a, expected.real)).toBeLessThan(1e-11)
      expect(gap(b, expected.imaginary)).toBeLessThan(1e-11)
      fourier(length).inverse(a, b)
      expect(gap(a, real)).toBeLessThan(1e-13)
      expect(gap(b, imaginary)).toBeLessThan(1e-13)
    },
  )

  it('refuses lengths that are not whole numbers of 1 or more', () => {
    for (const length of [0, -1, 1.5, Number.NaN]) expect(() => fourier(length)).toThrow(/whole length/)
  })
})

describe('cosine', () => {
  it('agrees with its definition', () => {
    const [height, width] = [5, 6]
    const plane = signal(height * width, 3)
    const expected = plane.map((_, at) => {
      const [v, u] = [Math.floor(at / width), at % width]
      return plane.reduce((total, value, from) => {
        const [y, x] = [Math.floor(from / width), from % width]
        const across = Math.cos((Math.PI * u * (2 * x + 1)) / (2 * width))
        return total + value * across * Math.cos((Math.PI * v * (2 * y + 1)) / (2 * height))
      }, 0)
    })
    cosineForward(plane, height, width)
    expect(gap(plane, expected)).toBeLessThan(1e-12)
  })

  it('is undone by its inverse at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (height, width) => {
        const plane = signal(height * width, 7)
        const changed = plane.slice()
        cosineForward(changed, height, width)
        cosineInverse(changed, height, width)
        expect(gap(changed, plane)).toBeLessThan(1e-12)
      }),
    )
  })
})
