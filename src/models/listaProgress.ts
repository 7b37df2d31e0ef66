import * as valid from '../artifacts/validate.js'
import type { LearningStatus } from './epochProgress.js'

/** How the encoder's codes of held-out observations compare with the codes of least energy. */
export interface HeldOutCodes {
  /** Mean of (z − z*)² over all numbers of all codes. */
  readonly squaredError: number
  /** Mean of E(z) − E(z*) over observations. */
  readonly energyGap: number
}

/** How learning ended. */
export type EncoderStatus = LearningStatus

/** What learning an encoder reports as it goes. */
export interface EncoderProgress {
  /** Steps of learning, and how many there will be. */
  readonly step: number
  readonly steps: number
  /** Observations learned from, repetitions counted. */
  readonly seen: number
  /** The mean loss an observation since the last report, each batch before it moved the parameters. */
  readonly loss: number
  /** Terms of the loss where it is an energy: ½‖y − Wz‖², λ‖z‖₁ and ½γ‖z − Enc(y)‖². */
  readonly cost?: number
  readonly regularizer?: number
  readonly encoder?: number
  /** At every tenth of the way, where data is held out: see {@link HeldOutCodes}. */
  readonly squaredError?: number
  readonly energyGap?: number
  readonly gradientNorm: number
  /** Seconds of learning, earlier sessions of a resumed run included. */
  readonly seconds: number
  /** Share of the work that is done, in [0, 1]. */
  readonly fraction: number
}

const count = valid.whole({ min: 0 })
const amount = valid.number({ min: 0 })

/** Checks a report that a run's metrics hold. */
export const validEncoderProgress: valid.Validator<EncoderProgress> = valid.object({
  step: count,
  steps: count,
  seen: count,
  loss: valid.number(),
  cost: valid.optional(valid.number()),
  regularizer: valid.optional(valid.number()),
  encoder: valid.optional(valid.number()),
  squaredError: valid.optional(amount),
  energyGap: valid.optional(valid.number()),
  gradientNorm: amount,
  seconds: amount,
  fraction: amount,
})
