import { createRun } from '../artifacts/runFolder.js'
import { kernelGeometry } from '../inference/convolutional/geometry.js'
import { ConvolutionalLearner } from '../learning/convolutional/convolutionalLearner.js'
import { DataError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { sameShape, type Tensor } from '../tensor/tensor.js'
import { channelsOfData, convolutionalItems, type ObservationMasks, type Reading } from './convolutionalData.js'
import { type ConvolutionalSource, type Crops, convolutionalSource } from './convolutionalSource.js'
import type { ConvolutionalData, ResolvedConvolutional } from './convolutionalSparseCoding.js'
import { ConvolutionalEpochLearner } from './convolutionalSparseCodingLearner.js'
import { type ConvolutionalSparseCodingModel, convolutionalModel } from './convolutionalSparseCodingModel.js'
import { type ConvolutionalProgress, validConvolutionalProgress } from './convolutionalSparseCodingProgress.js'
import {
  type ConvolutionalSettings,
  convolutionalName,
  geometryOfKernels,
  shapeOfKernels,
  spatialOf,
} from './convolutionalSparseCodingSettings.js'
import { isTensor } from './dataKind.js'
import { type EpochFitOptions, EpochSession, epochFitOptions } from './epochSession.js'
import { holdingFit } from './holdingFit.js'
import { isObserved, nothingObserved } from './observedMasks.js'
import { checkBudget } from './trainingData.js'

/** How long to learn, who is told, and where a run is kept. */
export interface ConvolutionalFitOptions extends EpochFitOptions<ConvolutionalProgress, ConvolutionalData> {
  /** What was observed; see {@link ObservationMasks}. Without a transform. */
  readonly mask?: ObservationMasks
  /** The same of the held-out observations; by default a mask that is one for all observations. */
  readonly heldOutMask?: ObservationMasks
}

/** Positions between two moves of online learning, about; what the default of `batchSize` comes from. */
const MOVE_POSITIONS = 16_384
/** Pixels of the crops of an epoch, about. */
const EPOCH_PIXELS = 20 * 512 * 512
/** Moves without use after which a kernel is dead. */
const DEAD_MOVES = 20
const HELD_OUT_LIMIT = 1000

/** Learns kernels; see {@link ConvolutionalFitOptions}. */
export const fitConvolutional = holdingFit(learn)

async function learn(
  options: ResolvedConvolutional,
  data: ConvolutionalData,
  fit: ConvolutionalFitOptions,
): Promise<ConvolutionalSparseCodingModel> {
  checkOptions('fit', fit, { ...epochFitOptions, mask: true, heldOutMask: true })
  checkBudget(fit)
  const spatial = spatialOf(options)
  const channels = channelsOfData(data, spatial)
  const { kernels: count, size, transform } = options
  const kernels = kernelGeometry([count, ...size, ...(channels === undefined ? [] : [channels])], spatial)
  const crops = cropsOf(options)
  const source = convolutionalSource(data, { kernels, transform, masks: fit.mask }, crops)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const settings = describe(options, channels, source, crops)
  const learner = new ConvolutionalLearner({
    ...options,
    kernels: geometryOfKernels(settings),
    deadAfter: settings.deadAfter,
    tolerance: settings.learningTolerance,
  })
  const steps = new ConvolutionalEpochLearner(learner, source, settings.batchSize)
  const { heldOut, heldOutMask = sharedMask(fit.mask, data) } = fit
  try {
    const session = new EpochSession({
      model: convolutionalName,
      settings,
      fit,
      place,
      learner: steps,
      terms: ['active', 'activeShare'],
      report: (common, means, measured): ConvolutionalProgress => {
        const { dead, duplicates, centred } = learner.policyCounts
        return {
          ...common,
          ...means,
          ...steps.passMeans,
          ...measured,
          kernelsInUse: learner.usage().reduce((inUse, use) => inUse + (use > 0 ? 1 : 0), 0),
          deadReplaced: dead,
          duplicatesReplaced: duplicates,
          centred,
        }
      },
      validProgress: validConvolutionalProgress,
      evaluate:
        heldOut &&
        (async (signal) => ({
          heldOutEnergy: await meanEnergy(learner, heldOut, { kernels, transform, masks: heldOutMask }, signal),
        })),
      nothingLearned: () => ({
        cause: 'The energy is no finite number',
        advice: 'Look for values in the data that are far too large.',
      }),
    })
    await session.restore()
    await session.learn(source)
    const model = convolutionalModel({
      settings,
      kernels: { shape: shapeOfKernels(settings), data: learner.kernels().data },
      usage: learner.usage(),
      history: session.history,
      status: session.status,
      transform,
      threads: options.threads,
    })
    await session.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** A mask that is one for all observations, whichever they are. */
function sharedMask(mask: ObservationMasks | undefined, data: ConvolutionalData): Tensor | undefined {
  if (mask === undefined || typeof mask === 'function') return undefined
  return isTensor(data) && sameShape(mask.shape, data.shape) ? undefined : mask
}

/** Mean energy of held-out observations under the kernels as they stand. */
async function meanEnergy(
  learner: ConvolutionalLearner,
  data: ConvolutionalData,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<number> {
  let sum = 0
  let count = 0
  let unobserved = 0
  for await (const { observation, mask } of convolutionalItems(data, reading, signal)) {
    if (!isObserved(mask)) {
      unobserved++
      continue
    }
    const { energy } = await learner.encode({ observation, mask }, signal ? { signal } : {})
    sum += energy[0]
    if (++count === HELD_OUT_LIMIT) break
  }
  if (count === 0 && unobserved > 0) throw nothingObserved('the held-out data')
  if (count === 0) throw new DataError('The held-out data holds no observations.')
  return sum / count
}

function cropsOf({ crop, cropsPerEpoch, minimumDeviation, seed }: ResolvedConvolutional): Crops | undefined {
  if (!crop) return undefined
  const count = cropsPerEpoch ?? Math.ceil(EPOCH_PIXELS / (crop[0] * crop[1]))
  return { crop, count, minimumDeviation, seed }
}

/** How a definition stands in `config.json`. */
function describe(
  options: ResolvedConvolutional,
  channels: number | undefined,
  source: ConvolutionalSource,
  crops: Crops | undefined,
): ConvolutionalSettings {
  const { kernels, size, lambda, lambdaRatio, boundary, learning, duplicateCosine, centring, seed } = options
  const positions = source.shape?.slice(0, size.length).reduce((product, extent) => product * extent, 1)
  const several = positions === undefined ? 1 : Math.max(1, Math.round(MOVE_POSITIONS / positions))
  const batchSize = options.batchSize ?? several
  return {
    kernels,
    size,
    ...(channels === undefined ? {} : { channels }),
    ...(lambda === undefined ? {} : { lambda }),
    ...(lambdaRatio === undefined ? {} : { lambdaRatio }),
    nonNegative: options.nonNegative,
    nonNegativeKernels: options.nonNegativeKernels,
    boundary,
    learning,
    batchSize,
    deadAfter: options.deadAfter ?? DEAD_MOVES * Math.min(batchSize, source.count ?? batchSize),
    duplicateCosine,
    centring,
    learningTolerance: options.learningTolerance,
    seed,
    input: crops
      ? {
          kind: 'crops',
          crop: crops.crop,
          cropsPerEpoch: crops.count,
          minimumDeviation: crops.minimumDeviation,
        }
      : { kind: 'whole' },
    transform: options.transform.config,
    data: source.name,
  }
}
