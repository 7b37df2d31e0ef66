import * as valid from '../artifacts/validate.js'
import { type EpochProgress, epochProgressFields } from './epochProgress.js'

/**
 * What learning reports as it goes. Terms are means an observation over the batches since the last report, in nats; `energy` is what is
 * minimized, reconstruction + β(spring + size), each term times its strength.
 */
export interface VariationalProgress extends EpochProgress {
  /** −log p(y | z) at a sampled z. */
  readonly reconstruction: number
  /** ½‖z̄‖² and ½Σ(σ² − 1 − log σ²), without their strengths; together the KL term. */
  readonly spring: number
  readonly size: number
  /** √mean ‖z̄‖²: how far from the origin codes lie. */
  readonly meanNorm: number
  /** ‖gradient‖ over all parameters in the last step. */
  readonly gradientNorm: number
}

/** Checks a report that a run's metrics hold. */
export const validVariationalProgress: valid.Validator<VariationalProgress> = valid.object({
  ...epochProgressFields,
  reconstruction: valid.number(),
  spring: valid.number(),
  size: valid.number(),
  meanNorm: valid.number({ min: 0 }),
  gradientNorm: valid.number({ min: 0 }),
})
