import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import { tensorReference } from '../artifacts/validate.js'
import type { Encoder } from '../energy/encoders/encoder.js'
import type { SymParameters } from '../energy/module.js'
import { l1 } from '../energy/regularizers/l1.js'
import { abs, add, constant, matmul, mean, mul, type Sym, square, sub, sumPerObservation } from '../graph/index.js'
import { type LinearEncoder, linearEncoder } from '../inference/linear/linearEncoder.js'
import { type GradientTraining, gradientTraining } from '../learning/gradientTraining.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import type { Loss } from '../learning/trainingGraph.js'
import type { Runtime } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import type { EpochStep } from './epochLearner.js'
import type { EpochState } from './epochProgress.js'
import { GraphLearner } from './graphLearner.js'
import { CodeCache, type LearningBatch } from './listaData.js'

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

/** What learns an encoder from batches, whatever the objective. Terms are those of the loss, where it is an energy. */
export abstract class EncoderLearner extends GraphLearner<LearningBatch, string> {
  constructor(
    training: GradientTraining,
    protected readonly parts: LearnerParts,
  ) {
    super(training)
  }

  /** The dictionary as it stands, and the inputs of a step on a batch. */
  abstract atoms(): Tensor
  protected abstract inputs(batch: LearningBatch): Promise<Record<string, Tensor>>

  async learn(batch: LearningBatch): Promise<EpochStep<string>> {
    const { status, loss, metrics } = await this.training.step(await this.inputs(batch))
    return { status, rows: batch.y.shape[0], energy: loss, terms: metrics }
  }

  override state(): Record<string, StoredTensor> {
    const { shape, data } = this.parts.atoms
    return { ...super.state(), dictionary: storedTensor(data, [...shape]) }
  }

  /** Throws ConfigurationError as well, where the run was begun with another dictionary. */
  override restore(tensors: Readonly<Record<string, StoredTensor>>, state: EpochState<unknown>, file: string): void {
    const { shape, data } = this.parts.atoms
    const atoms = tensorReference(tensors, { dtype: 'F32', shape })('dictionary', file)
    if (!data.every((value, i) => Object.is(value, atoms.data[i]))) {
      throw new ConfigurationError(
        `${file} the run was begun with another dictionary; resume with that one, or pass --overwrite to start anew.`,
      )
    }
    super.restore(tensors, state, file)
  }
}

/** Trains an encoder for a fixed dictionary: on the codes of least energy, or on the energy of its own codes. */
export class ListaLearner extends EncoderLearner {
  private readonly target: Float32Array

  private constructor(
    parts: LearnerParts,
    training: GradientTraining,
    private readonly exact: LinearEncoder<'l1'> | undefined,
    private readonly cache: CodeCache | undefined,
  ) {
    super(training, parts)
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

  protected async inputs(batch: LearningBatch): Promise<Record<string, Tensor>> {
    const { encoder } = this.parts
    const [rows] = batch.y.shape
    const y = { shape: [rows, encoder.inputs], data: batch.y.data }
    if (!this.cache) return { y }
    const target = { shape: [rows, encoder.codeSize], data: this.target.subarray(0, rows * encoder.codeSize) }
    await this.cache.codes(batch, target.data)
    return { y, target }
  }

  atoms(): Tensor {
    return this.parts.atoms
  }

  override dispose(): void {
    super.dispose()
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
