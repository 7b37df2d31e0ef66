import { latentVariableEnergy, parameterInputs } from '../energy/latentVariableEnergy.js'
import type { Parameters } from '../energy/module.js'
import { checkRowsApart } from '../inference/graph/checkRowsApart.js'
import type { FoundRows } from '../inference/graph/foundRows.js'
import { type GraphEncoder, graphEncoder } from '../inference/graph/graphEncoder.js'
import type { Observed } from '../inference/graph/observed.js'
import { compileOutputs, select } from '../inference/graph/programs.js'
import { type GradientTraining, gradientTraining } from '../learning/gradientTraining.js'
import { checkLearnable } from '../learning/learnable.js'
import type { Runtime } from '../runtime/runtime.js'
import { rng } from '../tensor/random.js'
import { type Tensor, zeros } from '../tensor/tensor.js'
import type { EpochStep, StepContext } from './epochLearner.js'
import { GraphLearner } from './graphLearner.js'
import type { LatentVariableDefinition } from './latentVariable.js'
import { latentVariableLoss, lossInputs, normalizedDecoder } from './latentVariableLoss.js'

/** The stream of random numbers that noise is drawn from. */
const NOISE = 1
/** An energy this far below the first one has no floor. */
const FALL = 1e9

/** What a step reports beside the energy. */
export const latentVariableTerms = ['cost', 'regularizer', 'encoder', 'inferenceSteps'] as const
type Term = (typeof latentVariableTerms)[number]

/** Inference and parameter steps in turn. It owns the sessions of both until disposed. */
export class LatentVariableLearner extends GraphLearner<Observed, Term> {
  private constructor(
    private readonly definition: LatentVariableDefinition,
    /** Infers the codes that are learned from; γD may not count there. */
    private readonly coder: GraphEncoder,
    training: GradientTraining,
  ) {
    super(training)
  }

  static async start(definition: LatentVariableDefinition, runtime: Runtime): Promise<LatentVariableLearner> {
    const { energy, optimizer, clip, normalizeDecoder, encoderInInference } = definition
    checkLearnable(energy.shapesOfParameters())
    const first = energy.init(rng(definition.seed))
    await checkRowsApart(energy, first, runtime)
    const parameters = normalizeDecoder ? await normalized(definition, first, runtime) : first
    const training = await gradientTraining({
      parameters,
      inputs: lossInputs(definition),
      loss: (symbols, inputs) => latentVariableLoss(definition, symbols, inputs),
      optimizer,
      ...(clip ? { clip } : {}),
      ...(normalizeDecoder ? { constrain: (symbols) => normalizedDecoder(energy, symbols) } : {}),
      runtime,
    })
    const inferred = encoderInInference ? energy : latentVariableEnergy({ ...energy, gamma: 0 })
    return new LatentVariableLearner(definition, graphEncoder({ energy: inferred, parameters, runtime }), training)
  }

  async learn(observed: Observed, { firstEnergy, signal }: StepContext): Promise<EpochStep<Term>> {
    const { amortized, energy } = this.definition
    const [rows] = observed.y.shape
    this.coder.use(this.training.parameters())
    energy.cost.check?.(observed.y, 'Observations')
    const found = amortized ? undefined : await this.codes(observed, signal, false)
    const failed = found?.status.find((status) => status === 'diverged' || status === 'nonFinite')
    if (failed === 'diverged' || failed === 'nonFinite') return nothing(failed)
    const step = await this.training.step({
      ...observed,
      ...(found ? { z: found.codes } : {}),
      ...(energy.regularizer?.noise ? { noise: this.noise(rows, energy.regularizer.noise) } : {}),
    })
    const { cost, regularizer, encoder } = step.metrics
    const fallen = step.status === 'ok' && step.loss < -FALL * (1 + Math.abs(firstEnergy ?? 0))
    const inferenceSteps = found ? found.steps.reduce((sum, taken) => sum + taken, 0) / rows : 0
    return {
      status: fallen ? 'diverged' : step.status,
      rows,
      energy: step.loss,
      terms: { cost, regularizer, encoder, inferenceSteps },
    }
  }

  /** The mean energy of observations, their codes inferred as while learning. */
  async evaluate(observed: Observed, signal?: AbortSignal): Promise<number> {
    this.coder.use(this.training.parameters())
    const { energy } = await this.codes(observed, signal, true)
    return energy.reduce((sum, value) => sum + value, 0) / energy.length
  }

  /** Codes of observations as learning finds them, [n, k]: the encoder's where they are amortized. */
  async codesOf(observed: Observed, signal?: AbortSignal): Promise<Tensor> {
    this.coder.use(this.training.parameters())
    const guess = this.definition.amortized ? await this.coder.guess(observed) : undefined
    return guess ?? (await this.codes(observed, signal, false)).codes
  }

  override dispose(): void {
    super.dispose()
    this.coder.dispose()
  }

  private codes(observed: Observed, signal: AbortSignal | undefined, certify: boolean): Promise<FoundRows> {
    return this.coder.find(observed, { ...this.definition.inference, ...(signal ? { signal } : {}) }, certify)
  }

  /** Noise for the codes of the present step, the same whenever it is taken. */
  private noise(count: number, deviation: number): Tensor {
    const random = rng(this.definition.seed, NOISE, this.training.stepsTaken)
    const noise = zeros([count, this.definition.energy.codeSize])
    for (let i = 0; i < noise.data.length; i++) noise.data[i] = deviation * random.normal()
    return noise
  }
}

function nothing(status: 'diverged' | 'nonFinite'): EpochStep<Term> {
  const none = Number.NaN
  return { status, rows: 0, energy: none, terms: { cost: none, regularizer: none, encoder: none, inferenceSteps: 0 } }
}

/** First parameters with the decoder's columns at norm 1. */
async function normalized(
  { energy }: LatentVariableDefinition,
  parameters: Parameters,
  runtime: Runtime,
): Promise<Parameters> {
  const program = await compileOutputs(
    runtime,
    Object.fromEntries(
      Object.entries(normalizedDecoder(energy, parameterInputs(parameters))).map(([name, sym]) => [
        `unit.${name}`,
        sym,
      ]),
    ),
  )
  const made = await program.run(select(program, parameters))
  program.dispose()
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [
      name,
      { shape, data: made[`unit.${name}`].data as Float32Array },
    ]),
  )
}
