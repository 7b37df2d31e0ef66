import { createRun } from '../artifacts/runFolder.js'
import { checkObserved } from '../inference/graph/observed.js'
import { runtime } from '../runtime/runtime.js'
import { DataError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { type EpochFitOptions, EpochSession, epochFitOptions } from './epochSession.js'
import { holdingFit } from './holdingFit.js'
import type { LatentVariableData, PairSource } from './latentVariableData.js'
import { checkBudget } from './trainingData.js'
import type { VariationalDefinition } from './variationalAutoEncoder.js'
import { shapesOf, variationalSource } from './variationalAutoEncoderData.js'
import {
  HELD_OUT_BATCH,
  HELD_OUT_LIMIT,
  VariationalLearner,
  variationalTerms,
} from './variationalAutoEncoderLearner.js'
import { type VariationalParts, variationalParts } from './variationalAutoEncoderLoss.js'
import { createVariationalModel, type VariationalModel, variationalName } from './variationalAutoEncoderModel.js'
import { type VariationalProgress, validVariationalProgress } from './variationalAutoEncoderProgress.js'
import { describeVariational } from './variationalAutoEncoderSettings.js'

export interface VariationalFitOptions extends EpochFitOptions<VariationalProgress, LatentVariableData> {
  /** Data that is not learned from; its energy is measured after each epoch, on its first 10,000 observations. */
  readonly heldOut?: LatentVariableData
}

/** Learns the networks of a variational auto-encoder; see {@link VariationalFitOptions}. */
export const fitVariational = holdingFit(learn)

async function learn(
  definition: VariationalDefinition,
  data: LatentVariableData,
  fit: VariationalFitOptions,
): Promise<VariationalModel> {
  checkOptions('fit', fit, epochFitOptions)
  checkBudget(fit)
  const parts = variationalParts(definition, shapesOf(data))
  const source = variationalSource(parts.energy, data)
  const heldOut = fit.heldOut && variationalSource(parts.energy, fit.heldOut)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const settings = describeVariational(definition, parts, shapesOf(data), source.name)
  const machine = await runtime(definition.runtime)
  const learner = await VariationalLearner.start(parts, definition, machine)
  try {
    const session = new EpochSession({
      model: variationalName,
      settings,
      fit,
      place,
      machine,
      learner,
      terms: variationalTerms,
      report: (common, means, measured) => ({
        ...common,
        ...means,
        ...measured,
        meanNorm: Math.sqrt(2 * means.spring),
        gradientNorm: learner.gradientNorm,
      }),
      validProgress: validVariationalProgress,
      evaluate: heldOut && (async (signal) => ({ heldOutEnergy: await learner.evaluate(heldOut, signal) })),
      reuse: true,
    })
    await session.restore()
    if (heldOut) await checkHeldOut(parts, heldOut)
    await session.learn(source)
    const model = createVariationalModel({
      parts,
      settings,
      parameters: learner.parameters(),
      runtime: machine,
      history: session.history,
      status: session.status,
    })
    await session.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** Throws what measuring held-out data would, before anything is learned. */
async function checkHeldOut({ energy }: VariationalParts, heldOut: PairSource): Promise<void> {
  let count = 0
  for await (const observed of heldOut.batches({ batchSize: HELD_OUT_BATCH })) {
    checkObserved(energy, observed)
    energy.cost.check?.(observed.y, 'Held-out observations')
    count += observed.y.shape[0]
    if (count >= HELD_OUT_LIMIT) break
  }
  if (count === 0) throw new DataError(`${heldOut.name} holds no observations.`)
}
