import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mirror } from '../../src/preprocess/alongLines.js'
import { highPass } from '../../src/preprocess/highPass.js'
import { restoreImageStep } from '../../src/preprocess/restore.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { distance, noise } from './samples.js'

/** argmin ½‖l − x‖² + (strength/2)‖∇l‖² on the padded, periodic plane, by conjugate gradients on (1 + strength ∇ᵀ∇) l = x. */
function slowLow({ shape, data }: Tensor, strength: number, padding: number): Float64Array {
  const [height, width] = shape
  const [tall, wide] = [height + 2 * padding, width + 2 * padding]
  const padded = Float64Array.from({ length: tall * wide }, (_, at) => {
    const row = mirror(Math.floor(at / wide) - padding, height)
    return data[row * width + mirror((at % wide) - padding, width)]
  })
  const system = (l: Float64Array) =>
    l.map((value, at) => {
      const [y, x] = [Math.floor(at / wide), at % wide]
      const neighbours = [
        ((y + 1) % tall) * wide + x,
        ((y + tall - 1) % tall) * wide + x,
        y * wide + ((x + 1) % wide),
        y * wide + ((x + wide - 1) % wide),
      ]
      return value + strength * neighbours.reduce((sum, other) => sum + value - l[other], 0)
    })
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  const low = new Float64Array(padded.length)
  const residual = padded.slice()
  const direction = padded.slice()
  for (let left = dot(residual, residual); left > 1e-22; ) {
    const moved = system(direction)
    const step = left / dot(direction, moved)
    for (let i = 0; i < low.length; i++) {
      low[i] += step * direction[i]
      residual[i] -= step * moved[i]
    }
    const next = dot(residual, residual)
    for (let i = 0; i < low.length; i++) direction[i] = residual[i] + (next / left) * direction[i]
    left = next
  }
  return Float64Array.from(data, (_, at) => low[(Math.floor(at / width) + padding) * wide + (at % width) + padding])
}

/** G ∗ x with a two-dimensional window that reaches 4 σ, borders mirrored. */
function slowBlur({ shape, data }: Tensor, sigma: number): Float64Array {
  const [height, width] = shape
  const radius = Math.ceil(4 * sigma)
  return Float64Array.from(data, (_, at) => {
    let [sum, weights] = [0, 0]
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
        sum += weight * data[mirror(Math.floor(at / width) + dy, height) * width + mirror((at % width) + dx, width)]
        weights += weight
      }
    }
    return sum / weights
  })
}

const without = (image: Tensor, low: Float64Array): Tensor => ({
  shape: image.shape,
  data: image.data.map((value, i) => value - low[i]),
})

describe('highPass', () => {
  it.each([
    [12, 15, 10, 4],
    [7, 13, 0.3, 16],
    [1, 6, 10, 3],
    [5, 1, 2, 0],
    [1, 1, 10, 16],
  ])('solves its linear system on a %i×%i picture (strength %f, padding %i)', (height, width, strength, padding) => {
    const picture = noise([height, width], 5, 0.2, 0.5)
    const { output } = highPass({ strength, padding }).apply(picture)
    // A padded axis of one pixel is constant, whatever the padding.
    expect(distance(output, without(picture, slowLow(picture, strength, padding)))).toBeLessThan(1e-6)
  })

  it.each([
    [12, 15, 1.5],
    [3, 5, 5],
    [1, 1, 0.5],
  ])('takes a Gaussian blur out of a %i×%i picture (σ %f)', (height, width, sigma) => {
    const picture = noise([height, width], 5, 0.2, 0.5)
    const { output } = highPass({ kind: 'gaussian', sigma }).apply(picture)
    expect(distance(output, without(picture, slowBlur(picture, sigma)))).toBeLessThan(1e-6)
  })

  it('filters channels by themselves, and signals along their one axis', () => {
    const colour = noise([9, 11, 3], 4)
    const green = { shape: [9, 11], data: colour.data.filter((_, i) => i % 3 === 1) }
    const { output } = highPass().apply(colour)
    const expected = highPass().apply(green).output
    expect(distance({ shape: [9, 11], data: output.data.filter((_, i) => i % 3 === 1) }, expected)).toBeLessThan(1e-6)

    const signal = noise([40], 7)
    const picture = { shape: [40, 1], data: signal.data }
    for (const kind of ['tikhonov', 'gaussian'] as const) {
      const along = highPass({ kind, spatial: 1 }).apply(signal).output
      expect(distance({ shape: [40, 1], data: along.data }, highPass({ kind }).apply(picture).output)).toBeLessThan(
        1e-6,
      )
    }
    expect(() => highPass({ spatial: 1 }).apply(colour)).toThrow(/signal is \[length\].*9×11×3/)
  })

  it('is undone by invert, and changes no input', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom([], [3]),
        fc.constantFrom('tikhonov' as const, 'gaussian' as const),
        (height, width, channels, kind) => {
          const picture = noise([height, width, ...channels], height * 31 + width, 0.2, 0.5)
          const kept = picture.data.slice()
          const step = highPass({ kind })
          const { output, context } = step.apply(picture)
          expect(distance(step.invert(output, context), picture)).toBeLessThan(1e-6)
          expect(distance(step.invert(output), output)).toBe(0)
          expect(picture.data).toEqual(kept)
        },
      ),
    )
  })

  it('makes a constant picture exactly 0, and is restored from its configuration', () => {
    const flat = { shape: [10, 10], data: new Float32Array(100).fill(0.3) }
    const picture = noise([10, 13], 2)
    for (const step of [highPass({ strength: 3, padding: 5 }), highPass({ kind: 'gaussian', sigma: 2 })]) {
      expect(step.apply(flat).output.data.every((value) => value === 0)).toBe(true)
      const again = restoreImageStep(JSON.parse(JSON.stringify(step.config)))
      expect(again.apply(picture)).toEqual(step.apply(picture))
    }
  })

  it('refuses impossible options and a context of another picture', () => {
    expect(() => highPass({ strength: 0 })).toThrow(/strength above 0/)
    expect(() => highPass({ padding: 0.5 })).toThrow(/padding/)
    expect(() => highPass({ kind: 'gaussian', sigma: Number.NaN })).toThrow(/sigma above 0/)
    expect(() => restoreImageStep({ kind: 'highPass', filter: 'median', spatial: 2 })).toThrow(/tikhonov, gaussian/)
    const { context } = highPass().apply(noise([4, 4], 1))
    expect(() => highPass().invert(noise([5, 5], 1), context)).toThrow(/4×4.*5×5/)
  })
})
