import type { Tensor } from '../tensor/tensor.js'
import { type ActiveUnits, UnitActivity } from './activeUnits.js'
import { importanceSampled } from './importanceSampling.js'

/** How well a variational auto-encoder explains observations; means an observation, in nats. */
export interface Evidence {
  readonly observations: number
  /** −log p(y | z) at one sampled z. */
  readonly reconstruction: number
  /** KL(q(z | y) ‖ N(0, 1)) = ½Σ(z̄² + σ² − 1 − log σ²), in closed form. */
  readonly kl: number
  /** −reconstruction − kl: the evidence lower bound, log p(y) from below. */
  readonly elbo: number
  /** Importance-sampled log p(y) for each K asked for, tighter the larger K. */
  readonly logLikelihood: readonly { readonly samples: number; readonly value: number }[]
  readonly activeUnits: ActiveUnits
  /** √mean ‖z̄‖²: how far from the origin codes lie. */
  readonly meanNorm: number
}

/** What is known of a batch: one number an observation, and rows of log weights. */
export interface EvidenceBatch {
  readonly means: Tensor
  readonly reconstruction: ArrayLike<number>
  readonly kl: ArrayLike<number>
  /** log p(y, z) − log q(z | y) of each sample, [n, samples] by rows. */
  readonly logWeights: ArrayLike<number>
}

/** Gathers {@link Evidence} over batches, in double precision; nothing of the size of the data is kept. */
export class EvidenceSums {
  private readonly activity: UnitActivity
  private readonly likelihood: Float64Array
  private count = 0
  private reconstruction = 0
  private kl = 0
  private norm = 0

  /** `samples`: log weights drawn an observation; `ks`: the K to estimate with, each at most `samples`. */
  constructor(
    units: number,
    private readonly samples: number,
    private readonly ks: readonly number[],
  ) {
    this.activity = new UnitActivity(units)
    this.likelihood = new Float64Array(ks.length)
  }

  add({ means, reconstruction, kl, logWeights }: EvidenceBatch): void {
    this.activity.add(means)
    this.count += means.shape[0]
    this.reconstruction += total(reconstruction)
    this.kl += total(kl)
    for (const value of means.data) this.norm += value * value
    for (const [i, k] of this.ks.entries()) {
      this.likelihood[i] += total(importanceSampled(logWeights, this.samples, k))
    }
  }

  result(): Evidence {
    const { count, ks } = this
    const reconstruction = this.reconstruction / count
    const kl = this.kl / count
    return {
      observations: count,
      reconstruction,
      kl,
      elbo: -reconstruction - kl,
      logLikelihood: ks.map((samples, i) => ({ samples, value: this.likelihood[i] / count })),
      activeUnits: this.activity.result(),
      meanNorm: Math.sqrt(this.norm / count),
    }
  }
}

function total(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}
