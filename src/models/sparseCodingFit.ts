import { createRun } from '../artifacts/runFolder.js'
import type { Observations } from '../data/observations.js'
import { sharedEngine } from '../kernels/engine.js'
import { DictionaryLearner } from '../learning/dictionaryLearner.js'
import { pipeline } from '../preprocess/pipeline.js'
import { preprocessed } from '../preprocess/preprocessed.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import type { ObservationMasks } from './convolutionalData.js'
import { type EpochFitOptions, EpochSession, epochFitOptions } from './epochSession.js'
import { type FitProgress, validFitProgress } from './fitProgress.js'
import { holdingFit } from './holdingFit.js'
import {
  batchMasks,
  checkUnprocessed,
  collectedMasks,
  type MaskedBatch,
  maskedObservations,
  observedRows,
  sharedMask,
} from './maskedObservations.js'
import type { ResolvedOptions, SparseCodingData } from './sparseCoding.js'
import { SparseCodingLearner } from './sparseCodingLearner.js'
import { type SparseCodingModel, sparseCodingModel } from './sparseCodingModel.js'
import { checkBudget, describeRun, heldOutBatch, trainingObservations } from './trainingData.js'

/** How long to learn, who is told, and where a run is kept. */
export interface FitOptions extends EpochFitOptions<FitProgress, Tensor | Observations> {
  /**
   * What was observed, which alone is learned from; see {@link ObservationMasks}. Observations are then held in memory, and there is no
   * preprocessing.
   */
  readonly mask?: ObservationMasks
  /** The same of the held-out observations; by default a mask that is one for all observations. */
  readonly heldOutMask?: ObservationMasks
}

const PREPROCESS_LIMIT = 50_000

/** Learns a dictionary; see {@link FitOptions}. */
export const fitSparseCoding = holdingFit(learn)

async function learn(options: ResolvedOptions, data: SparseCodingData, fit: FitOptions): Promise<SparseCodingModel> {
  checkOptions('fit', fit, { ...epochFitOptions, mask: true, heldOutMask: true })
  checkBudget(fit)
  if (fit.heldOutMask && !fit.mask)
    throw new ConfigurationError('A heldOutMask goes with a mask; give both, or neither.')
  const masked = fit.mask && (await collectedMasks(data, fit.mask))
  const raw = trainingObservations(options, masked?.observations ?? data)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  // Fitted anew where a run is resumed: the same data and seed give the same bits.
  const step = await pipeline(options.preprocess).fit(raw, {
    limit: PREPROCESS_LIMIT,
    seed: options.seed,
    ...(fit.signal ? { signal: fit.signal } : {}),
  })
  if (masked) checkUnprocessed(step.config)
  const settings = describeRun(options, data, raw, step)
  const observations = options.preprocess.length === 0 ? raw : preprocessed(raw, step)
  const { heldOutMask = sharedMask(fit.mask, raw.shape) } = fit
  const heldOut = fit.heldOut && heldOutRows(await heldOutBatch(fit.heldOut, step, raw.shape), heldOutMask)

  const engine = await sharedEngine(options.threads)
  const learner = new DictionaryLearner(engine, {
    atoms: options.atoms,
    shape: raw.shape,
    size: sizeOf(raw.shape),
    start: options.start,
    regularizer: options.regularizer,
    update: options.update,
    nonNegativeAtoms: options.nonNegativeAtoms,
    deadAfter: options.deadAfter,
    seed: options.seed,
    batchSize: options.batchSize,
    tolerance: options.learningTolerance,
    masked: masked !== undefined,
  })
  try {
    const session = new EpochSession({
      model: 'sparse-coding',
      settings,
      fit,
      place,
      learner: new SparseCodingLearner(learner, observations),
      terms: ['active'],
      report: (common, means, measured) => ({
        ...common,
        ...means,
        ...measured,
        atomsInUse: learner.usageCounts().reduce((count, use) => count + (use > 0 ? 1 : 0), 0),
        atomsReplaced: learner.atomsReplaced,
      }),
      validProgress: validFitProgress,
      evaluate:
        heldOut &&
        (async () => {
          const { observations: rows, mask } = heldOut
          return { heldOutEnergy: learner.evaluate(rows.data, rows.shape[0], mask?.data).energy }
        }),
    })
    await session.restore()
    await session.learn(maskedObservations(observations, masked?.mask))
    const model = await sparseCodingModel({
      settings,
      atoms: { shape: [options.atoms, ...raw.shape], data: learner.atoms() },
      usage: learner.usageCounts(),
      step,
      history: session.history,
      threads: options.threads,
    })
    await session.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** Held-out observations with their masks, where they have any: those of which something was observed. */
function heldOutRows(observations: Tensor, masks: ObservationMasks | undefined): MaskedBatch {
  if (masks === undefined) return { observations }
  const shape = observations.shape.slice(1)
  return observedRows(
    observations,
    batchMasks(masks, { shape, count: undefined })(observations, 0),
    'the held-out data',
  )
}
