import { describe, expect, it } from 'vitest'
import { kernelColours } from '../../src/diagnostics/kernelColours.js'
import { rng } from '../../src/tensor/random.js'
import { tensor } from '../../src/tensor/tensor.js'

/** A kernel [1, 1, 4, 3] from four colours. */
const kernel = (...colours: readonly (readonly [number, number, number])[]) =>
  tensor([1, 1, 4, 3], Float32Array.from(colours.flat()))

describe('kernelColours', () => {
  it('tells grey from colour, and colours from opponent colours', () => {
    const edge = kernel([1, 1, 1], [0.5, 0.5, 0.5], [-1, -1, -1], [0, 0, 0])
    expect(kernelColours(edge)).toMatchObject({ grey: 1, coloured: 0, opponent: 0 })
    const tinted = kernel([1, 0.9, 0.8], [0.5, 0.5, 0.4], [-1, -1, -0.9], [0, 0, 0])
    expect(kernelColours(tinted)).toMatchObject({ grey: 1, coloured: 0 })
    const blue = kernel([0, 0, 1], [0, 0, 0.8], [0, 0.1, 0.9], [0, 0, 0.5])
    expect(kernelColours(blue)).toMatchObject({ grey: 0, coloured: 1, opponent: 0 })
    const redAgainstGreen = kernel([1, -1, 0], [0.6, -0.6, 0], [-1, 1, 0], [-0.2, 0.3, 0])
    expect(kernelColours(redAgainstGreen)).toMatchObject({ coloured: 1, opponent: 1 })
    // Yellow against blue of unequal strength, and with grey between them.
    expect(kernelColours(kernel([0.5, 0.5, -1], [0, 0, 0], [0.2, 0.2, 0.2], [-0.3, -0.3, 0.7])).opponent).toBe(1)
  })

  it('finds two thirds of colour in independent channels, and none in nothing', () => {
    const random = rng(4)
    const noise = tensor(
      [1, 50, 50, 3],
      Float32Array.from({ length: 7500 }, () => random.normal()),
    )
    expect(kernelColours(noise).chroma[0]).toBeCloseTo(2 / 3, 1)
    expect(kernelColours(kernel([0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]))).toMatchObject({ grey: 1 })
    expect(() => kernelColours(tensor([1, 2, 2], new Float32Array(4)))).toThrow(/\[k, height, width, 3\]/)
  })
})
