import {
  type EncodedBatch,
  explain,
  formatNumber,
  type Images,
  loadModel,
  type Observations,
  type SparseCodingModel,
  type Status,
  solverByName,
} from '../../src/index.js'
import type { CodingOptions } from '../commands/encode.js'
import type { Session } from '../session.js'
import { worstRelativeGap } from './measures.js'
import { codingData } from './openData.js'
import { duration, tally } from './text.js'

/** A model with the data that it is to code, both checked. */
export interface Coding {
  readonly model: SparseCodingModel
  readonly data: Observations | Images
  /** Codes batch by batch, with progress. */
  batches(data?: Observations | Images): AsyncGenerator<EncodedBatch>
  /** What has been coded so far. */
  readonly totals: Totals
}

/** Sums over the observations coded so far. */
export class Totals {
  count = 0
  active = 0
  energy = 0
  /** Undefined where the regularizer is not convex, and there are no gaps. */
  worstGap: number | undefined = 0
  readonly statuses = new Map<Status, number>()
  private readonly begun = performance.now()

  add({ inference }: EncodedBatch): void {
    const { codes, energy, gap, status } = inference
    this.count += codes.shape[0]
    this.active += codes.indices.length
    for (const value of energy) this.energy += value
    if (gap === undefined) this.worstGap = undefined
    else if (this.worstGap !== undefined) this.worstGap = Math.max(this.worstGap, worstRelativeGap(energy, gap))
    for (const each of status) this.statuses.set(each, (this.statuses.get(each) ?? 0) + 1)
  }

  get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  /** The numbers as an event's fields; means over no observations are 0. */
  fields() {
    const count = Math.max(1, this.count)
    return {
      observations: this.count,
      energy: this.energy / count,
      active: this.active / count,
      ...(this.worstGap === undefined ? {} : { worstRelativeGap: this.worstGap }),
      status: Object.fromEntries(this.statuses),
      seconds: this.seconds,
    }
  }

  /** The numbers as rows of a table. */
  rows(): [label: string, value: string][] {
    const { observations, energy, active, worstRelativeGap, seconds } = this.fields()
    return [
      ['observations', formatNumber(observations)],
      ['energy per observation', formatNumber(energy)],
      ['active coefficients per code', formatNumber(active, 3)],
      ...(worstRelativeGap === undefined
        ? []
        : [['worst certified relative gap', formatNumber(worstRelativeGap, 2)] as [string, string]]),
      ['status', tally(this.statuses)],
      ['seconds', formatNumber(seconds, 3)],
    ]
  }
}

/** Opens model and data. Throws before any work where the solver cannot serve the model. */
export async function openCoding(run: string, options: CodingOptions, session: Session): Promise<Coding> {
  const model = await loadModel(run, session.threads)
  const { solver, tolerance, maxSteps, seconds } = options
  if (solver !== undefined) solverByName(solver, model.settings.regularizer.kind)
  const data = await codingData(options, model, session)
  const totals = new Totals()
  return {
    model,
    data,
    totals,
    async *batches(watched = data) {
      const total = 'image' in watched ? undefined : watched.count
      const stream = model.encodeBatches(watched, {
        signal: session.signal,
        ...(solver === undefined ? {} : { solver }),
        ...(tolerance === undefined ? {} : { tolerance }),
        ...(maxSteps === undefined ? {} : { maxSteps }),
        ...(seconds === undefined ? {} : { seconds }),
      })
      for await (const batch of stream) {
        totals.add(batch)
        const { count, seconds: spent } = totals
        const of = total === undefined ? '' : ` of ${formatNumber(total)}`
        session.progress(
          'progress',
          { done: count, ...(total === undefined ? {} : { total }), seconds: spent },
          `${formatNumber(count)}${of} observations coded in ${duration(spent)}`,
        )
        yield batch
      }
    },
  }
}

/** Says on standard error which observations did not reach the tolerance, and what to do. */
export function noteUnsolved({ totals }: Coding, session: Session): void {
  for (const [status, times] of totals.statuses) {
    if (status === 'converged') continue
    const advice = explain(status).replace('maxSteps', '--max-steps').replace('raise seconds', 'raise --seconds')
    session.note(
      `${formatNumber(times)} of ${formatNumber(totals.count)} observations did not converge (${status}). ${advice}`,
    )
  }
}
