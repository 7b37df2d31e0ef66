import { describe, expect, it } from 'vitest'
import { bernoulli } from '../../src/energy/costs/bernoulli.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { fromDense } from '../../src/inference/codes.js'
import { type LatentVariableOptions, latentVariableModel } from '../../src/models/latentVariable.js'
import { runtime } from '../../src/runtime/runtime.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { normalBatch, rng } from '../inference/problems.js'

const models: Record<string, LatentVariableOptions> = {
  'a certified one': {
    shapes: { y: 5, z: 7 },
    decoder: linear({ inputs: 7, outputs: 5 }),
    cost: squaredError(),
    regularizer: l1({ lambdaRatio: 0.2 }),
    encoder: linear({ inputs: 5, outputs: 7 }),
    gamma: 0.3,
  },
  'a conditional one': {
    shapes: { x: 2, y: 5, z: 3 },
    predictor: linear({ inputs: 2, outputs: 4, activation: 'tanh' }),
    decoder: mlp({ inputs: 7, hidden: [6], outputs: 5, activation: 'tanh' }),
    cost: bernoulli(),
    regularizer: l2({ lambda: 0.1 }),
    encoder: mlp({ inputs: 9, hidden: [6], outputs: 3 }),
  },
}

describe('parts as ONNX models', () => {
  for (const [name, options] of Object.entries(models)) {
    it(`give what the model gives, for any batch: ${name}`, async () => {
      const model = await latentVariableModel({ ...options, runtime: { threads: 1 } }).model()
      const machine = await runtime({ threads: 1 })
      const encoder = await machine.compile(model.onnx('encoder'))
      const decoder = await machine.compile(model.onnx('decoder'))
      const inference = await machine.compile(model.onnx('inference', { tolerance: 1e-4, maxSteps: 3000 }))
      for (const rows of [1, 4]) {
        const raw = normalBatch(rng(3), rows, 5)
        const y: Tensor = options.shapes.x ? { ...raw, data: raw.data.map((v) => 1 / (1 + Math.exp(-v))) } : raw
        const given = options.shapes.x ? { x: normalBatch(rng(4), rows, 2), y } : { y }
        const guess = await model.encode(given, { maxSteps: 0 })
        const { z: guessed } = await encoder.run({ ...given })
        expect(guessed.shape).toEqual([rows, model.definition.codeSize])
        const dense = { shape: [rows, model.definition.codeSize], data: guessed.data as Float32Array }
        for (const [i, value] of fromDense(dense).values.entries()) expect(value).toBeCloseTo(guess.codes.values[i], 5)

        const best = await model.encode(given, { tolerance: 1e-4, maxSteps: 3000 })
        const found = await inference.run({ ...given })
        for (let i = 0; i < rows; i++) {
          expect(Number(found.energy.data[i])).toBeLessThanOrEqual(best.energy[i] * (1 + 3e-4))
          expect(Number(found.status.data[i])).toBe(1)
        }
        expect(Object.hasOwn(found, 'gap')).toBe(best.gap !== undefined)

        const { y: decoded } = await decoder.run({ ...(given.x ? { x: given.x } : {}), z: dense })
        const expected = await model.decode(fromDense(dense), given.x ? { x: given.x } : {})
        for (const [i, value] of expected.data.entries()) expect(Number(decoded.data[i])).toBeCloseTo(value, 5)
      }
      for (const program of [encoder, decoder, inference]) program.dispose()
      model.dispose()
    })
  }

  it('refuse an encoder that is not there', async () => {
    const { encoder: _, gamma: __, ...rest } = models['a certified one']
    const model = await latentVariableModel(rest).model()
    expect(() => model.onnx('encoder')).toThrow(/no encoder to export/)
  })
})
