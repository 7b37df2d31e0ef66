import type { Encoder } from '../energy/encoders/encoder.js'
import type { Parameters, SymParameters } from '../energy/module.js'
import { l1 } from '../energy/regularizers/l1.js'
import { abs, add, constant, matmul, mean, mul, type Sym, square, sub, sumPerObservation } from '../graph/index.js'
import { type LinearEncoder, linearEncoder } from '../inference/linear/linearEncoder.js'
import {
  type GradientTraining,
  gradientTraining,
  type TrainingState,
  type TrainingStep,
} from '../learning/gradientTraining.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import type { Loss } from '../learning/trainingGraph.js'
import type { Runtime } from '../runtime/runtime.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { CodeCache, type LearningBatch } from './listaData.js'

/** What learns from batches, whatever the objective. */
export interface EncoderLearner {
  /** One step; where a number becomes NaN or infinite (`nonFinite`), the last good parameters stay. */
  learn(batch: LearningBatch): Promise<TrainingStep>
  /** The dictionary and the encoder as they stand. */
  atoms(): Tensor
  parameters(): Parameters
  state(): TrainingState
  restore(state: TrainingState): void
  dispose(): void
}

/** What both learners are made from. */
export interface LearnerParts {
  readonly encoder: Encoder
  readonly atoms: Tensor
  readonly lambda: number
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly tolerance: number
  readonly runtime: Runtime
  readonly threads: number | undefined
}

/** Trains an encoder for a fixed dictionary: on the codes of least energy, or on the energy of its own codes. */
export class ListaLearner implements EncoderLearner {
  private readonly target: Float32Array

  private constructor(
    private readonly parts: LearnerParts,
    private readonly training: GradientTraining,
    private readonly exact: LinearEncoder<'l1'> | undefined,
    private readonly cache: CodeCache | undefined,
  ) {
    this.target = new Float32Array(parts.batchSize * parts.encoder.codeSize)
  }

  static async start(parts: LearnerParts, target: 'codes' | 'energy'): Promise<ListaLearner> {
    const { encoder, atoms, lambda, optimizer, runtime, threads, tolerance } = parts
    const flat = { shape: [encoder.codeSize, encoder.inputs], data: atoms.data }
    const training = await gradientTraining({
      parameters: encoder.start(atoms, lambda),
      inputs: {
        y: ['n', encoder.inputs],
        ...(target === 'codes' ? { target: ['n', encoder.codeSize] } : {}),
      },
      loss: (parameters, { y, target: wanted }) => {
        const code = encoder.apply(parameters, y)
        if (wanted) return mean(mul(0.5, sumPerObservation(square(sub(code, wanted)))))
        return energyLoss(y, code, constant(flat), lambda)
      },
      optimizer,
      constrain: (parameters) => encoder.constrain(parameters),
      runtime,
      ...(threads === undefined ? {} : { threads }),
    })
    if (target === 'energy') return new ListaLearner(parts, training, undefined, undefined)
    try {
      const exact = await linearEncoder({
        atoms,
        regularizer: l1({ lambda }),
        ...(threads === undefined ? {} : { threads }),
      })
      const cache = new CodeCache(async (y) => (await exact.encode(y, { tolerance })).codes)
      return new ListaLearner(parts, training, exact, cache)
    } catch (error) {
      training.dispose()
      throw error
    }
  }

  async learn(batch: LearningBatch): Promise<TrainingStep> {
    const { encoder } = this.parts
    const [rows] = batch.y.shape
    const y = { shape: [rows, encoder.inputs], data: batch.y.data }
    if (!this.cache) return this.training.step({ y })
    const target = { shape: [rows, encoder.codeSize], data: this.target.subarray(0, rows * encoder.codeSize) }
    await this.cache.codes(batch, target.data)
    return this.training.step({ y, target })
  }

  atoms(): Tensor {
    return this.parts.atoms
  }

  parameters(): Parameters {
    return this.training.parameters()
  }

  state(): TrainingState {
    return this.training.state()
  }

  restore(state: TrainingState): void {
    this.training.restore(state)
  }

  dispose(): void {
    this.training.dispose()
    this.exact?.dispose()
  }
}

/** The mean of ½‖y − Wz‖² + λ‖z‖₁ over a batch, with W [k, m], and its terms. */
export function energyLoss(y: Sym, code: Sym, atoms: Sym, lambda: number): { loss: Sym; metrics: SymParameters } {
  const cost = mean(mul(0.5, sumPerObservation(square(sub(y, matmul(code, atoms))))))
  const regularizer = mul(lambda, mean(sumPerObservation(abs(code))))
  return { loss: add(cost, regularizer), metrics: { cost, regularizer } } satisfies Loss
}

/** Atoms as a matrix [k, m]. */
export const flatAtoms = ({ shape, data }: Tensor): Tensor => ({ shape: [shape[0], sizeOf(shape.slice(1))], data })
