import { explain, formatNumber, formatShare, type Images, type Observations, type Status } from '../../src/index.js'
import type { CodingOptions } from '../commands/encode.js'
import type { CodedBatch, Learned, Row } from '../models/model.js'
import type { Session } from '../session.js'
import { worstRelativeGap } from './measures.js'
import { codingData } from './openData.js'
import { openModel } from './openModel.js'
import { duration, tally } from './text.js'

/** A model with the data that it is to code, both checked. */
export interface Coding {
  readonly model: Learned
  readonly data: Observations | Images
  /** The images that the data consists of, by patches or whole; undefined where it does not. */
  readonly images: Images | undefined
  /** Codes batch by batch, with progress. */
  batches(data?: Observations | Images): AsyncGenerator<CodedBatch>
  /** What it is coded with. */
  readonly options: CodingOptions
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
  /** Coefficients of all codes, where each observation has a number of its own. */
  coefficients = 0
  readonly statuses = new Map<Status, number>()
  private readonly begun = performance.now()

  add({ inference, shapes }: CodedBatch): void {
    const { codes, energy, gap, status } = inference
    this.count += codes.shape[0]
    this.active += codes.indices.length
    if (shapes) this.coefficients += codes.shape[0] * codes.shape[1]
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
      ...(this.coefficients === 0 ? {} : { activeShare: this.active / this.coefficients }),
      ...(this.worstGap === undefined ? {} : { worstRelativeGap: this.worstGap }),
      status: Object.fromEntries(this.statuses),
      seconds: this.seconds,
    }
  }

  /** The numbers as rows of a table. */
  rows(): Row[] {
    const { observations, energy, active, activeShare, worstRelativeGap, seconds } = this.fields()
    return [
      ['observations', formatNumber(observations)],
      ['energy per observation', formatNumber(energy)],
      activeShare === undefined
        ? ['active coefficients per code', formatNumber(active, 3)]
        : ['active coefficients per code', formatNumber(active, 3), `${formatShare(activeShare)} of it`],
      ...(worstRelativeGap === undefined
        ? []
        : [['worst certified relative gap', formatNumber(worstRelativeGap, 2)] as const]),
      ['status', tally(this.statuses)],
      ['seconds', formatNumber(seconds, 3)],
    ]
  }
}

/** Opens model and data. Throws before any work where the model cannot be coded as the options say. */
export async function openCoding(run: string, options: CodingOptions, session: Session): Promise<Coding> {
  const model = await openModel(run, options, session)
  const coder = model.coder(options, session.note)
  const { data, images } = await codingData(options, model, session)
  const totals = new Totals()
  return {
    model,
    data,
    images,
    options,
    totals,
    async *batches(watched = data) {
      const total = 'image' in watched && !model.whole ? undefined : watched.count
      for await (const batch of coder(watched, session.signal)) {
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
export function noteUnsolved({ model, options, totals }: Coding, session: Session): void {
  for (const [status, times] of totals.statuses) {
    if (status === 'converged') continue
    if (status === 'maxSteps' && model.predicts?.(options)) {
      session.note('Codes come from the encoder; --tolerance 1e-6 refines them.')
      continue
    }
    const general = explain(status).replace('maxSteps', '--max-steps').replace('raise seconds', 'raise --seconds')
    const advice = model.explain?.(status) ?? general
    session.note(
      `${formatNumber(times)} of ${formatNumber(totals.count)} observations did not converge (${status}). ${advice}`,
    )
  }
}
