import { createRun } from '../artifacts/runFolder.js'
import type { MapEncoder } from '../energy/mapEncoders/mapEncoder.js'
import { kernelGeometry } from '../inference/convolutional/geometry.js'
import { runtime } from '../runtime/runtime.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { formatShape } from '../tensor/tensor.js'
import type { AutoEncoderPlan } from './convolutionalAutoEncoder.js'
import { AutoEncoderLearner, autoEncoderTerms } from './convolutionalAutoEncoderLearner.js'
import { autoEncoderModel, type ConvolutionalAutoEncoderModel } from './convolutionalAutoEncoderModel.js'
import { type AutoEncoderProgress, validAutoEncoderProgress } from './convolutionalAutoEncoderProgress.js'
import { type AutoEncoderSettings, autoEncoderName } from './convolutionalAutoEncoderSettings.js'
import { channelsOfData } from './convolutionalData.js'
import { type ConvolutionalSource, type Crops, convolutionalSource } from './convolutionalSource.js'
import type { ConvolutionalData } from './convolutionalSparseCoding.js'
import { isImages } from './dataKind.js'
import { EpochSession, type LearningOptions, learningOptions } from './epochSession.js'
import { holdingFit } from './holdingFit.js'
import { channelsLast } from './planarImages.js'
import { checkBudget } from './trainingData.js'

export interface AutoEncoderFitOptions extends LearningOptions<AutoEncoderProgress> {
  /** Data that is not learned from; the energy of crops of it is measured at every tenth of the way. */
  readonly heldOut?: ConvolutionalData
}

const CROP = 25
/** Batches of crops that are drawn from the same order of images. */
const BATCHES_A_PASS = 200
const HELD_OUT_LIMIT = 256
/** Numbers of the codes of a batch, at most: a gibibyte, of which a step holds several. */
const CODE_LIMIT = 2 ** 28

/** Throws {@link ConfigurationError} where the codes of a batch of crops of `shape` are more than fit. */
export function checkCodeSize(
  { kernels, size, batchSize }: Pick<AutoEncoderPlan, 'kernels' | 'size' | 'batchSize'>,
  [height, width]: readonly number[],
): void {
  const numbers = batchSize * kernels * (height + size[0] - 1) * (width + size[1] - 1)
  if (numbers <= CODE_LIMIT) return
  throw new ConfigurationError(
    `Codes of ${batchSize} crops of ${height}×${width} with ${kernels} kernels are ${numbers.toPrecision(3)} numbers, and ${CODE_LIMIT.toPrecision(3)} fit; take fewer kernels, smaller batches or smaller crops.`,
  )
}

/** Learns kernels and encoder; see {@link AutoEncoderFitOptions}. */
export const fitAutoEncoder = holdingFit(learn)

async function learn(
  plan: AutoEncoderPlan,
  data: ConvolutionalData,
  fit: AutoEncoderFitOptions,
): Promise<ConvolutionalAutoEncoderModel> {
  checkOptions('fit', fit, { ...learningOptions, heldOut: true })
  checkBudget(fit)
  const channels = channelsOfData(data, 2)
  const [height, width] = plan.size
  const sizes = { maps: plan.kernels, channels: channels ?? 1, height, width }
  const encoder = plan.encoder(sizes)
  const given = plan.firstKernels?.shape
  if (given && (given.length === 4 ? given[3] : undefined) !== channels) {
    throw new ShapeError(
      `First kernels of ${formatShape(given)} do not fit data of ${channels === undefined ? 'no axis of channels' : `${channels} channels`}; give kernels with the channels of the data.`,
    )
  }
  const source = sourceOf(plan, data, channels)
  if (fit.heldOut && channelsOfData(fit.heldOut, 2) !== channels) {
    throw new ShapeError('The held-out data has other channels than what is learned from; give images of one kind.')
  }
  checkCodeSize(plan, source.shape ?? plan.size)
  const heldOut = fit.heldOut && sourceOf({ ...plan, seed: plan.seed + 1 }, fit.heldOut, channels)
  const [cropHeight, cropWidth] = source.shape ?? []
  if (heldOut && (heldOut.shape?.[0] !== cropHeight || heldOut.shape?.[1] !== cropWidth)) {
    throw new ShapeError(
      `The held-out data holds observations of ${formatShape(heldOut.shape ?? [])}, but learning is on ${formatShape(source.shape ?? [])}; give data of one shape.`,
    )
  }
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const settings = describe(plan, encoder, channels, source, isImages(data))
  const machine = await runtime(plan.runtime)
  const learner = await AutoEncoderLearner.start({ ...plan, encoder, crop: settings.input.crop, runtime: machine })
  try {
    const session = new EpochSession({
      model: autoEncoderName,
      settings,
      fit,
      place,
      machine,
      learner,
      terms: autoEncoderTerms,
      steps: plan.trainingSteps,
      report: ({ step, seen, energy, seconds, fraction }, terms, measured?: { heldOutEnergy: number }) => ({
        step,
        steps: plan.trainingSteps,
        seen,
        energy,
        ...terms,
        ...measured,
        deadReplaced: learner.deadReplaced,
        gradientNorm: learner.gradientNorm,
        seconds,
        fraction,
      }),
      validProgress: validAutoEncoderProgress,
      evaluate: heldOut && (async () => ({ heldOutEnergy: await meanEnergy(learner, heldOut) })),
    })
    await session.restore()
    await session.learn(source)
    const model = autoEncoderModel({
      settings,
      kernels: channelsLast(learner.kernels(), channels !== undefined),
      parameters: learner.parameters(),
      history: session.history,
      status: session.status,
      transform: plan.transform,
      runtime: machine,
      threads: plan.threads,
    })
    await session.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** Random crops of images, or observations as they come, in batches. */
function sourceOf(plan: AutoEncoderPlan, data: ConvolutionalData, channels: number | undefined): ConvolutionalSource {
  const { kernels, size, crop, batchSize, minimumDeviation, seed, transform } = plan
  const reading = {
    kernels: kernelGeometry([kernels, ...size, ...(channels === undefined ? [] : [channels])], 2),
    transform,
  }
  if (!isImages(data)) {
    if (crop === undefined) return convolutionalSource(data, reading)
    throw new ConfigurationError('Crops are cut from images, and these are observations of one size; leave crop out.')
  }
  const side = crop ?? ([Math.max(CROP, size[0]), Math.max(CROP, size[1])] as const)
  const crops: Crops = { crop: side, count: batchSize * BATCHES_A_PASS, minimumDeviation, seed }
  return convolutionalSource(data, reading, crops)
}

/** Mean energy of held-out crops, the same each time. */
async function meanEnergy(learner: AutoEncoderLearner, source: ConvolutionalSource): Promise<number> {
  let [sum, count] = [0, 0]
  for await (const batch of source.batches({ batchSize: 32 })) {
    sum += (await learner.evaluate(batch)) * batch.items.length
    count += batch.items.length
    if (count >= HELD_OUT_LIMIT) break
  }
  if (count === 0) throw new DataError(`${source.name} holds no observations.`)
  return sum / count
}

function describe(
  plan: AutoEncoderPlan,
  encoder: MapEncoder,
  channels: number | undefined,
  source: ConvolutionalSource,
  cropped: boolean,
): AutoEncoderSettings {
  const { kernels, size, lambda, beta, encoderInInference, inferenceSteps, optimizer, trainingSteps } = plan
  return {
    kernels,
    size,
    ...(plan.firstKernels ? { firstKernels: 'given' as const } : {}),
    ...(channels === undefined ? {} : { channels }),
    lambda,
    beta,
    encoderInInference,
    inferenceSteps,
    encoder: encoder.describe(),
    optimizer: optimizer.describe(),
    trainingSteps,
    batchSize: plan.batchSize,
    deadAfter: plan.deadAfter,
    seed: plan.seed,
    input: {
      kind: cropped ? 'crops' : 'whole',
      crop: (source.shape ?? []).slice(0, 2),
      minimumDeviation: cropped ? plan.minimumDeviation : 0,
    },
    transform: plan.transform.config,
    data: source.name,
  }
}
