import { describe, expect, it } from 'vitest'
import {
  add,
  constant,
  conv,
  exp,
  gradient,
  input,
  linear,
  loop,
  matmul,
  reshape,
  type Sym,
  square,
  sub,
  sum,
  transpose,
} from '../../src/graph/index.js'
import { encodeCounted } from '../../src/graph/onnx/encodeOnnx.js'

/** Numbers that a run takes on a batch, those of its outputs counted once. */
const numbers = (outputs: Readonly<Record<string, Sym>>, batch: number): number => {
  const { memory } = encodeCounted({ outputs })
  const handedOver = Object.values(outputs).reduce(
    (total, { shape }) => total + shape.reduce<number>((size, side) => size * (side === 'n' ? batch : side), 1),
    0,
  )
  return memory(batch) / 4 - handedOver
}

const x = input('x', ['n', 10])

describe('the memory of a run', () => {
  it('is that of the outputs and the copies that are handed over', () => {
    expect(encodeCounted({ outputs: { y: add(x, 1) } }).memory(7)).toBe(2 * 4 * 70)
    expect(encodeCounted({ outputs: { y: x } }).memory(7)).toBe(4 * 70)
  })

  it('grows with the batch as often as that enters a shape', () => {
    const products = matmul(exp(x), transpose(x))
    expect(numbers({ products }, 5)).toBe(50 + 25)
    expect(numbers({ products }, 100)).toBe(1000 + 10_000)
  })

  it('counts what is alive at one time, and not what is replaced in place', () => {
    // Each result takes the place of the one before, but for the last, which is kept.
    expect(numbers({ y: exp(exp(exp(x))) }, 3)).toBe(60)
    // What is read again later stays.
    const once = exp(x)
    expect(numbers({ y: sub(exp(exp(once)), once) }, 3)).toBe(90)
    // A sum over all of it leaves one number.
    expect(numbers({ y: sum(exp(exp(x))) }, 3)).toBe(31)
  })

  it('takes a reshaped tensor for the same memory', () => {
    expect(numbers({ y: exp(reshape(exp(x), ['n', 5, 2])) }, 3)).toBe(60)
  })

  it('counts the copies that operations make of their inputs', () => {
    const weight = input('weight', [4, 10])
    const [slope] = gradient(sum(square(linear(x, weight))), [weight])
    // 2x·Wᵀ is turned, 4n numbers, for its product with x: 40.
    expect(numbers({ slope }, 6)).toBe(24 + 40)
    expect(numbers({ slope }, 60)).toBe(240 + 240)
  })

  it('counts what lies under kernels when their derivative is taken', () => {
    const images = input('images', ['n', 1, 8, 8])
    const kernels = input('kernels', [3, 1, 3, 3])
    const [slope] = gradient(sum(conv(images, kernels)), [kernels])
    const places = 6 * 6
    // Images turned, ones in the shape of the maps and turned, the kernels' derivative, and nine numbers for each place.
    expect(numbers({ slope }, 5)).toBeGreaterThanOrEqual(5 * (64 + 3 * places + 9 * places) + 27)
    expect(numbers({ slope }, 5)).toBeLessThanOrEqual(5 * (64 + 2 * 3 * places + 9 * places) + 3 * 27)
  })

  it('counts a step of a loop, whatever the number of steps', () => {
    const [y] = loop({
      state: [x],
      maxSteps: 1000,
      body: ([z]) => ({ state: [add(exp(z), exp(sub(z, 1)))], keepGoing: constant(1, 'bool') }),
    })
    const taken = numbers({ y }, 4)
    expect(taken).toBeGreaterThanOrEqual(3 * 40)
    expect(taken).toBeLessThanOrEqual(5 * 40 + 1)
  })
})
