import { expect, it } from 'vitest'
import { checkedParameters } from '../../src/energy/checkedParameters.js'
import { defineModule } from '../../src/energy/module.js'
import { ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'

it('gives parameters back', () => {
  const parameters = {
    w: { shape: [2, 1], data: Float32Array.of(1, 2) },
    scale: { shape: [], data: Float32Array.of(1) },
  }
  expect(checkedParameters('mine', parameters)).toBe(parameters)
})

it.each([
  [{ w: 3 }, /The parameter "w" of the module "mine" is 3; init must give it as \{ shape/],
  [{ w: undefined }, /"w" .* is undefined/],
  [{ w: [1, 2] }, /"w" .* has no shape/],
  [{ w: { shape: [0], data: new Float32Array(0) } }, /"w" .* has the shape \[0\]/],
  [{ w: { shape: [1.5], data: new Float32Array(1) } }, /"w" .* has the shape \[1\.5\]/],
  [{ w: { shape: [2], data: [1, 2] } }, /"w" .* no Float32Array/],
  [{ w: { shape: [2, 2], data: new Float32Array(3) } }, /"w" .* has 3 numbers for the shape 2×2/],
  [3, /init of the module "mine" returned 3/],
])('refuses %j with the names of the module and the parameter', (parameters, sentence) => {
  const mine = defineModule({ name: 'mine', outputShape: [1], init: () => parameters as never, apply: (_, z) => z })
  expect(() => mine.init(rng(0))).toThrow(ShapeError)
  expect(() => mine.init(rng(0))).toThrow(sentence)
})
