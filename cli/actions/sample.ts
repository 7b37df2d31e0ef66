import { ConfigurationError, formatShape, rng, sizeOf, type Tensor, toTensor } from '../../src/index.js'
import type { SampleCommandOptions } from '../commands/sample.js'
import { given } from '../given.js'
import type { Learned } from '../models/model.js'
import type { Session } from '../session.js'
import { conditionOf } from './conditional.js'
import { codingData, isImages } from './openData.js'
import { cannot, openModel } from './openModel.js'
import { checkPlace, numbered, writeObservations } from './writeObservations.js'

/** `energia sample`. */
export async function sample(session: Session, options: SampleCommandOptions, run: string): Promise<void> {
  const { out, count, seed } = options
  const place = await checkPlace(out, options.overwrite)
  const model = await openModel(run, options, session)
  try {
    if (model.sample === undefined) throw cannot('sample', run, model)
    const x = await givenTo(model, run, options, session)
    const batches = drawn(model, { count, seed, ...given({ x }) }, session)
    session.event('start', { command: 'sample', run, count, seed, out })
    const total = count * (x?.shape[0] ?? 1)
    const made = {
      shape: model.observation,
      count: total,
      what: 'samples',
      scaling: 'unit',
      async *items() {
        let first = 0
        for await (const batch of batches) {
          yield* numbered(batch, first, total)
          first += batch.shape[0]
        }
      },
    } as const
    await writeObservations(made, place, session)
  } finally {
    model.dispose()
  }
}

/** About how many numbers are drawn at once. */
const AT_ONCE = 2 ** 22

/**
 * Samples in batches that fit in memory: the first from the seed itself, each later one from a seed drawn from it. Samples for one x are
 * drawn together, since they are brought into the order of their energies. Throws ConfigurationError where those are too many.
 */
export async function* drawn(
  model: Pick<Learned, 'observation' | 'codeLength' | 'sample'>,
  {
    count,
    seed,
    x,
    atOnce = AT_ONCE,
  }: { readonly count: number; readonly seed: number; readonly x?: Tensor; readonly atOnce?: number },
  { signal }: Pick<Session, 'signal'>,
): AsyncGenerator<Tensor> {
  const size = Math.max(sizeOf(model.observation), model.codeLength)
  if (x !== undefined) {
    const most = Math.max(1, Math.floor(MOST / size))
    if (count > most) {
      throw new ConfigurationError(
        `--count ${count} for each x is more than can be held at once; ${most} of ${formatShape(model.observation)} can.`,
      )
    }
    yield* model.sample?.({ count, seed, x, signal }) ?? []
    return
  }
  const each = Math.max(1, Math.floor(atOnce / size))
  for (let first = 0; first < count && !signal.aborted; first += each) {
    const from = first === 0 ? seed : rng(seed, 1, Math.floor(first / each) % 2 ** 32).integer(2 ** 32)
    yield* model.sample?.({ count: Math.min(each, count - first), seed: from, signal }) ?? []
  }
}

/** The most numbers that are held, of x or of what is drawn for one x. */
const MOST = 2 ** 26

/** The x that samples are to be drawn for. Throws ConfigurationError where the model has one and none is given, or the reverse. */
async function givenTo(
  model: Learned,
  run: string,
  { given: source }: SampleCommandOptions,
  session: Session,
): Promise<Tensor | undefined> {
  if (model.given === undefined) {
    if (source === undefined) return undefined
    throw new ConfigurationError(`${run} holds a model without an x, which explains nothing given; leave --given out.`)
  }
  if (source === undefined) {
    throw new ConfigurationError(
      `${run} holds a model that explains observations from an x of ${formatShape(model.given)}; name some with --given.`,
    )
  }
  const { data } = await codingData({ data: source }, model, session)
  if (isImages(data)) throw new ConfigurationError(`${data.name} holds images of different sizes; give observations.`)
  if ((data.count ?? 0) * sizeOf(data.shape) > MOST) {
    throw new ConfigurationError(`${data.name} holds ${data.count} observations, too many to sample for; give fewer.`)
  }
  return conditionOf(await toTensor(data), data.name, { x: model.given, y: model.observation })
}
