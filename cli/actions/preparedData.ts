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
import { given } from '../given.js'
import type { FitOptions, PreprocessingOptions } from '../models/options.js'
import type { Session } from '../session.js'
import { asShare, HELD_OUT_LIMIT, splitImages, splitObservations } from './heldOut.js'
import { imageSteps } from './learningParts.js'
import { isImages, learningData } from './openData.js'

/** Observations on which a finished model is measured. */
const SAMPLE = 1000

/** What decides how data is opened and split. */
export type PreparedOptions = FitOptions & Partial<PreprocessingOptions>

/** The data to learn from, with what is held out of it. */
export async function preparedData(
  options: PreparedOptions,
  session: Session,
): Promise<{ data: Observations | Images; heldOut: Tensor | Observations | undefined }> {
  let data = await learningData(options, session)
  // Standard input comes once, and learning walks through its data many times.
  if (options.data === '-' && !isImages(data)) data = fromTensor(await toTensor(data), data.name)
  checkSteps(options, data)
  if (options.heldOut === undefined) return { data, heldOut: undefined }

  const share = asShare(options.heldOut)
  if (share === undefined) {
    const { array: _, ...others } = options // --array is of --data; PATH#NAME says it of other data
    const other = await learningData({ ...others, data: options.heldOut }, session)
    if (!isImages(other) && !isImages(data) && formatShape(other.shape) !== formatShape(data.shape)) {
      throw new ConfigurationError(
        `--held-out ${options.heldOut} holds observations of ${formatShape(other.shape)}, and --data those of ${formatShape(data.shape)}; give data of one shape.`,
      )
    }
    return { data, heldOut: isImages(other) ? patchesOf(other, options, HELD_OUT_LIMIT) : other }
  }
  if (isImages(data)) {
    const { learning, heldOut } = splitImages(data, share)
    return { data: learning, heldOut: patchesOf(heldOut, options, HELD_OUT_LIMIT) }
  }
  const { learning, sample } = await splitObservations(data, share, session.signal)
  return { data: learning, heldOut: sample }
}

/** Some observations as learning saw them. */
export async function sampleOf(data: Observations | Images, options: PreparedOptions): Promise<Tensor> {
  const source = isImages(data) ? patchesOf(data, options, SAMPLE) : data
  for await (const batch of source.batches({ batchSize: SAMPLE, seed: options.seed + 1 })) return batch
  throw new ConfigurationError(`${data.name} holds no observations.`)
}

/** Random patches as learning draws them, but other ones. */
function patchesOf(images: Images, options: PreparedOptions, count: number): Observations {
  return patches(images, {
    size: options.patch!, // images are learned from by patches only
    count,
    seed: options.seed + 1,
    transform: imageSteps(options),
    ...given({ minimumDeviation: options.minimumDeviation }),
  })
}

/** Throws ConfigurationError for options that need images where there are none. */
function checkSteps(options: PreparedOptions, data: Observations | Images): void {
  if (isImages(data)) return
  const what = `${data.name} holds observations of ${formatShape(data.shape)}, not images to cut patches from`
  if (options.patch) throw new ConfigurationError(`${what}; leave --patch out.`)
  if (options.patchesPerEpoch !== undefined) throw new ConfigurationError(`${what}; leave --patches-per-epoch out.`)
  if (options.minimumDeviation !== undefined) throw new ConfigurationError(`${what}; leave --minimum-deviation out.`)
  if (options.whiten === 'olshausen') {
    throw new ConfigurationError(`${what}; --whiten olshausen filters whole images, use --whiten zca.`)
  }
  if (options.contrast === 'local') {
    throw new ConfigurationError(`${what}; --contrast local works on whole images, use --contrast global.`)
  }
}
