import { parameterInputs } from '../energy/latentVariableEnergy.js'
import { type Parameters, prefixed, scoped } from '../energy/module.js'
import { PLAIN } from '../energy/regularizer.js'
import {
  add,
  div,
  input,
  maximum,
  mean,
  mul,
  type Sym,
  sqrt,
  square,
  sub,
  sum,
  sumPerObservation,
} from '../graph/index.js'
import { extendedAtoms, extendedObservations } from '../inference/amortized.js'
import { toDense } from '../inference/codes.js'
import { LinearBatch } from '../inference/linear/batch.js'
import { activeSet } from '../inference/linear/solvers.js'
import { KernelDictionary } from '../kernels/dictionary.js'
import { sharedEngine } from '../kernels/engine.js'
import { type GradientTraining, gradientTraining } from '../learning/gradientTraining.js'
import type { Program } from '../runtime/runtime.js'
import type { Tensor } from '../tensor/tensor.js'
import type { LearningBatch } from './listaData.js'
import { EncoderLearner, energyLoss, flatAtoms, type LearnerParts } from './listaLearner.js'

/** Steps that the exact solver gets for a code while learning. */
const MOST_STEPS = 200
const TINY = 1e-12

/** The energy's D, and whether it counts where codes are inferred or only trains the encoder. */
export interface JointObjective {
  readonly gamma: number
  readonly encoderInInference: boolean
}

/**
 * Learns dictionary and encoder jointly: for each batch the codes of least energy under both as they stand, found exactly by the
 * kernels, then one gradient step of ½‖y − Wz‖² + ½γ‖z − Enc(y)‖² on both, and atoms back to norm 1. Owns sessions and kernel
 * memory until disposed.
 */
export class JointLearner extends EncoderLearner {
  private constructor(
    parts: LearnerParts,
    private readonly objective: JointObjective,
    training: GradientTraining,
    private readonly guesser: Program | undefined,
    private readonly dictionary: KernelDictionary,
    private readonly batch: LinearBatch,
  ) {
    super(training, parts)
  }

  static async start(parts: LearnerParts, objective: JointObjective): Promise<JointLearner> {
    const { encoder, lambda, batchSize, optimizer, runtime, threads, tolerance } = parts
    const { gamma, encoderInInference } = objective
    const atoms = unitAtoms(flatAtoms(parts.atoms))
    const engine = await sharedEngine(threads)
    const { codeSize, inputs } = encoder
    const dictionary = new KernelDictionary(engine, codeSize, inputs + (encoderInInference ? codeSize : 0), 'single')
    const own = threads === undefined ? {} : { threads }
    let training: GradientTraining | undefined
    let batch: LinearBatch | undefined
    try {
      batch = new LinearBatch(
        dictionary,
        PLAIN,
        { lambda },
        { solver: activeSet(), tolerance, maxSteps: MOST_STEPS, certify: false },
        batchSize,
      )
      training = await gradientTraining({
        parameters: { atoms, ...prefixed(encoder.start(atoms, lambda), 'encoder') },
        inputs: { y: ['n', inputs], z: ['n', codeSize] },
        loss: (parameters, { y, z }) => {
          const { loss, metrics } = energyLoss(y, z, parameters.atoms, lambda)
          const missed = sub(z, encoder.apply(scoped(parameters, 'encoder'), y))
          const guided = mul(gamma, mean(mul(0.5, sumPerObservation(square(missed)))))
          return { loss: add(loss, guided), metrics: { ...metrics, encoder: guided } }
        },
        optimizer,
        constrain: (parameters) => ({
          atoms: unitRows(parameters.atoms),
          ...prefixed(encoder.constrain(scoped(parameters, 'encoder')), 'encoder'),
        }),
        runtime,
        ...own,
      })
      const guess = encoder.apply(parameterInputs(encoder.start(atoms, lambda)), input('y', ['n', inputs]))
      const guesser = encoderInInference
        ? await runtime.compile({ name: 'encoder', outputs: { guess } }, own)
        : undefined
      return new JointLearner(parts, objective, training, guesser, dictionary, batch)
    } catch (error) {
      training?.dispose()
      batch?.dispose()
      dictionary.dispose()
      throw error
    }
  }

  protected async inputs({ y: given }: LearningBatch): Promise<Record<string, Tensor>> {
    const y = { shape: [given.shape[0], this.parts.encoder.inputs], data: given.data }
    return { y, z: await this.codes(y) }
  }

  /** The codes of least energy of observations [n, m], under dictionary and encoder as they stand. */
  private async codes(y: Tensor): Promise<Tensor> {
    const [rows] = y.shape
    const { gamma } = this.objective
    const { atoms, ...rest } = this.training.parameters()
    if (this.guesser) {
      const { guess } = await this.guesser.run({ ...scoped(rest, 'encoder'), y })
      const predicted = { shape: guess.shape, data: guess.data as Float32Array }
      this.dictionary.load(extendedAtoms({ atoms, lambda: this.parts.lambda, gamma }).data)
      this.batch.fill(extendedObservations(y, predicted, gamma).data, 0, rows)
    } else {
      this.dictionary.load(atoms.data)
      this.batch.fill(y.data, 0, rows)
    }
    await this.batch.solveInSlices(rows, () => false)
    return toDense(this.batch.takeResults(rows).codes)
  }

  atoms(): Tensor {
    return { shape: this.parts.atoms.shape, data: this.training.parameters().atoms.data }
  }

  override parameters(): Parameters {
    return scoped(this.training.parameters(), 'encoder')
  }

  override dispose(): void {
    super.dispose()
    this.guesser?.dispose()
    this.batch.dispose()
    this.dictionary.dispose()
  }
}

const unitRows = (atoms: Sym): Sym => div(atoms, maximum(sqrt(sum(square(atoms), [1], true)), TINY))

function unitAtoms({ shape, data }: Tensor): Tensor {
  const [, size] = shape
  const unit = data.slice()
  for (let from = 0; from < unit.length; from += size) {
    const atom = unit.subarray(from, from + size)
    const norm = Math.sqrt(atom.reduce((sum, value) => sum + value * value, 0))
    if (norm > 0) for (let p = 0; p < size; p++) atom[p] /= norm
  }
  return { shape, data: unit }
}
