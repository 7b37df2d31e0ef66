import { describe, expect, it } from 'vitest'
import {
  latentVariableModel,
  linear,
  lista,
  sparseCoding,
  squaredError,
  variationalAutoEncoder,
} from '../../src/index.js'
import { ConfigurationError, EnergiaError } from '../../src/tensor/errors.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'

const half = (...shape: number[]): Tensor => tensor(shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5))

/** What a caller without types may pass, and how it is told of. */
const mistakes: readonly (readonly [unknown, RegExp])[] = [
  [undefined, /got undefined/],
  [null, /got null/],
  [3, /got 3/],
  ['digits', /got "digits"/],
  [{}, /an object without fields/],
  [[1, 2], /an array/],
  [{ shape: [2, 2] }, /an object with shape/],
  [{ shape: [2, 2], data: [1, 2, 3, 4] }, /whose data is a plain array/],
  // What digits() resolves to, whole.
  [{ observations: half(4, 2), labels: new Uint8Array(4) }, /an object with observations, labels/],
]

describe('what is no data', () => {
  const given = (value: unknown): never => value as never
  const energy = latentVariableModel({
    shapes: { y: 2, z: 1 },
    decoder: linear({ inputs: 1, outputs: 2 }),
    cost: squaredError(),
  })

  it.each(mistakes)('is told of: %j', async (value, told) => {
    const data = given(value)
    const fits = [
      () => energy.fit(data),
      () => variationalAutoEncoder({ latent: 2, hidden: [4] }).fit(data),
      () => sparseCoding({ atoms: 4, lambda: 0.1 }).fit(data),
      () => lista({ dictionary: half(4, 2), lambda: 0.1, trainingSteps: 2 }).fit(data),
    ]
    for (const learning of fits) {
      const refused = expect(learning()).rejects
      await refused.toThrow(ConfigurationError)
      await expect(learning()).rejects.toThrow(told)
    }
  })

  it('is told of by models, where codes or observations are missing', async () => {
    const model = await energy.model()
    const coder = await variationalAutoEncoder({ latent: 2, hidden: [4] }).fit(half(4, 2), { epochs: 1 })
    for (const value of [undefined, null, 3, {}, { shape: [1, 2] }]) {
      const wrong = given(value)
      const calls = [
        model.encode(wrong),
        model.energy(wrong),
        model.freeEnergy(wrong),
        model.decode(wrong),
        coder.encode(wrong),
        coder.energy(wrong),
        coder.decode(wrong),
      ]
      for (const call of calls) await expect(call).rejects.toThrow(EnergiaError)
    }
    model.dispose()
    coder.dispose()
  })
})
