import type { StoredTensor } from '../artifacts/safetensors.js'
import type { Parameters } from '../energy/module.js'
import type { GradientTraining } from '../learning/gradientTraining.js'
import type { EpochLearner, EpochStep, StepContext } from './epochLearner.js'
import type { EpochState } from './epochProgress.js'
import { stored, storedLike } from './latentVariableTensors.js'

/** What learns by gradient steps in a graph; owns the training until disposed. */
export abstract class GraphLearner<Batch, Term extends string> implements EpochLearner<Batch, Term> {
  readonly overshoots = true

  constructor(protected readonly training: GradientTraining) {}

  abstract learn(batch: Batch, context: StepContext): Promise<EpochStep<Term> | undefined>

  get steps(): number {
    return this.training.stepsTaken
  }

  /** ‖gradient‖ over all parameters in the last step. */
  get gradientNorm(): number {
    return this.training.lastGradientNorm
  }

  /** The parameters as they stand, copied. */
  parameters(): Parameters {
    return this.training.parameters()
  }

  state(): Record<string, StoredTensor> {
    const { parameters, optimizer } = this.training.state()
    return { ...stored('parameters', parameters), ...stored('optimizer', optimizer) }
  }

  restore(tensors: Readonly<Record<string, StoredTensor>>, { steps }: EpochState<unknown>, file: string): void {
    const { parameters, optimizer } = this.training.state()
    this.training.restore({
      parameters: storedLike('parameters', parameters, tensors, file),
      optimizer: storedLike('optimizer', optimizer, tensors, file),
      steps,
    })
  }

  dispose(): void {
    this.training.dispose()
  }
}
