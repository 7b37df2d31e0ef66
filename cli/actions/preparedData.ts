import {
  ConfigurationError,
  formatShape,
  fromTensor,
  type Images,
  type Observations,
  patches,
  type Tensor,
  toTensor,
} from '../../src/index.js'
import type { Cut, Recipe } from '../models/model.js'
import type { FitOptions, PreprocessingOptions } from '../models/options.js'
import type { Session } from '../session.js'
import { asShare, HELD_OUT_LIMIT, splitImages, splitObservations } from './heldOut.js'
import { isImages, learningData, signalCut } from './openData.js'

/** Observations on which a finished model is measured. */
const SAMPLE = 1000

/** What decides how data is opened and split. */
export type PreparedOptions = FitOptions & Partial<PreprocessingOptions>

/** The data to learn from, with what is held out of it. */
export async function preparedData(
  options: PreparedOptions,
  cut: Recipe['cut'],
  session: Session,
): Promise<{
  data: Observations | Images
  heldOut: Tensor | Observations | undefined
  heldOutImages?: Images
}> {
  let data = await learningData(options, cut, session)
  // Standard input comes once, and learning walks through its data many times; windows hold their signals.
  if (options.data === '-' && !isImages(data) && !signalCut(data)) data = fromTensor(await toTensor(data), data.name)
  if (cut !== 'whole') checkSteps(options, data)
  if (options.heldOut === undefined) return { data, heldOut: undefined }

  const share = asShare(options.heldOut)
  if (share === undefined) {
    const { array: _, ...others } = options // --array is of --data; PATH#NAME says it of other data
    const other = await learningData({ ...others, data: options.heldOut }, cut, session)
    if (isImages(other) && cut === 'whole') return { data, heldOut: undefined, heldOutImages: other }
    if (!isImages(other) && !isImages(data) && formatShape(other.shape) !== formatShape(data.shape)) {
      throw new ConfigurationError(
        `--held-out ${options.heldOut} holds observations of ${formatShape(other.shape)}, and --data those of ${formatShape(data.shape)}; give data of one shape.`,
      )
    }
    return { data, heldOut: isImages(other) ? patchesOf(other, options, cut, HELD_OUT_LIMIT) : other }
  }
  if (isImages(data)) {
    const { learning, heldOut } = splitImages(data, share)
    if (cut === 'whole') return { data: learning, heldOut: undefined, heldOutImages: heldOut }
    return { data: learning, heldOut: patchesOf(heldOut, options, cut, HELD_OUT_LIMIT) }
  }
  const { learning, sample } = await splitObservations(data, share, session.signal)
  return { data: learning, heldOut: sample }
}

/** Some observations as learning saw them: drawn from all, or the first. */
export async function sampleOf(
  data: Observations | Images,
  options: PreparedOptions,
  cut: Recipe['cut'],
  shuffled: boolean,
): Promise<Tensor> {
  const source = isImages(data) ? patchesOf(data, options, cut, SAMPLE) : data
  for await (const batch of source.batches({ batchSize: SAMPLE, ...(shuffled ? { seed: options.seed + 1 } : {}) }))
    return batch
  throw new ConfigurationError(`${data.name} holds no observations.`)
}

/** Random patches as learning draws them, but other ones. */
function patchesOf(images: Images, { seed }: PreparedOptions, cut: Recipe['cut'], count: number): Observations {
  return patches(images, { ...(cut as Cut), count, seed: seed + 1 }) // images are opened as such only to be cut
}

/** Throws ConfigurationError for options that need images where there are none. */
function checkSteps(options: PreparedOptions, data: Observations | Images): void {
  if (isImages(data)) return
  const what = `${data.name} holds observations of ${formatShape(data.shape)}, not images to cut patches from`
  if (options.patch) throw new ConfigurationError(`${what}; leave --patch out.`)
  if (options.patchesPerEpoch !== undefined) throw new ConfigurationError(`${what}; leave --patches-per-epoch out.`)
  if (options.minimumDeviation !== undefined) throw new ConfigurationError(`${what}; leave --minimum-deviation out.`)
  if (options.highPass !== undefined) {
    throw new ConfigurationError(`${what}; --high-pass filters whole images, leave it out.`)
  }
  if (options.whiten === 'olshausen') {
    throw new ConfigurationError(`${what}; --whiten olshausen filters whole images, use --whiten zca.`)
  }
  if (options.contrast === 'local') {
    throw new ConfigurationError(`${what}; --contrast local works on whole images, use --contrast global.`)
  }
}
