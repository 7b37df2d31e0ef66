import { squaredError } from '../../src/energy/costs/squaredError.js'
import type { GraphRegularizer } from '../../src/energy/graphRegularizer.js'
import { type LatentVariableEnergy, latentVariableEnergy } from '../../src/energy/latentVariableEnergy.js'
import type { Parameters } from '../../src/energy/module.js'
import { linear } from '../../src/energy/modules/linear.js'
import { type GraphEncoder, graphEncoder } from '../../src/inference/graph/graphEncoder.js'
import { runtime } from '../../src/runtime/runtime.js'
import type { Tensor } from '../../src/tensor/tensor.js'

/** Atoms [k, m] as the weight [m, k] of a linear decoder. */
export function weightOf(atoms: Tensor): Tensor {
  const [count] = atoms.shape
  const size = atoms.data.length / count
  const data = new Float32Array(atoms.data.length)
  for (let j = 0; j < count; j++) for (let p = 0; p < size; p++) data[p * count + j] = atoms.data[j * size + p]
  return { shape: [size, count], data }
}

/** Sparse coding as a graph: ½‖y − Wz‖² + λR(z). */
export function sparseEnergy(
  atoms: Tensor,
  regularizer?: GraphRegularizer,
): { readonly energy: LatentVariableEnergy; readonly parameters: Parameters } {
  const [count, size] = atoms.shape
  const energy = latentVariableEnergy({
    shapes: { y: size, z: count },
    decoder: linear({ inputs: count, outputs: size, bias: false }),
    cost: squaredError(),
    ...(regularizer ? { regularizer } : {}),
  })
  return { energy, parameters: { 'decoder.weight': weightOf(atoms) } }
}

/** Runs `use` with an encoder that is given back afterwards. */
export async function withGraphEncoder<T>(
  { energy, parameters }: { readonly energy: LatentVariableEnergy; readonly parameters: Parameters },
  use: (encoder: GraphEncoder) => Promise<T>,
): Promise<T> {
  const encoder = graphEncoder({ energy, parameters, runtime: await runtime({ threads: 1 }) })
  try {
    return await use(encoder)
  } finally {
    encoder.dispose()
  }
}
