import { squaredError } from '../../src/energy/costs/squaredError.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import type { LatentVariableOptions } from '../../src/models/latentVariable.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { rng } from '../inference/problems.js'

export const runtime = { threads: 1 }

/** Points of the upper half of the unit circle (or of the whole) with a little noise. */
export function circle(count: number, seed: number, turn = 0.5, noise = 0.02): Tensor {
  const random = rng(seed)
  const data = new Float32Array(2 * count)
  for (let i = 0; i < count; i++) {
    const angle = 2 * Math.PI * turn * random.uniform()
    data[2 * i] = Math.cos(angle) + noise * random.normal()
    data[2 * i + 1] = Math.sin(angle) + noise * random.normal()
  }
  return { shape: [count, 2], data }
}

export const curve: LatentVariableOptions = {
  shapes: { y: 2, z: 1 },
  decoder: mlp({ inputs: 1, hidden: [16], outputs: 2, activation: 'tanh' }),
  cost: squaredError(),
  regularizer: l2({ lambda: 0.01 }),
  optimizer: adam({ learningRate: 0.01 }),
  batchSize: 64,
  runtime,
  seed: 1,
}
