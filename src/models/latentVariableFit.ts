import { createRun } from '../artifacts/runFolder.js'
import type { Observed } from '../inference/graph/observed.js'
import { runtime } from '../runtime/runtime.js'
import { DataError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { rows } from '../tensor/tensor.js'
import type { LearningStatus } from './epochProgress.js'
import { type EpochFitOptions, EpochSession, epochFitOptions } from './epochSession.js'
import { holdingFit } from './holdingFit.js'
import type { LatentVariableDefinition } from './latentVariable.js'
import { type LatentVariableData, type PairSource, pairSource } from './latentVariableData.js'
import { LatentVariableLearner, latentVariableTerms } from './latentVariableLearner.js'
import { createLatentVariableModel, type LatentVariableModel, latentVariableName } from './latentVariableModel.js'
import { type LatentVariableProgress, validLatentVariableProgress } from './latentVariableProgress.js'
import { describeLatentVariable } from './latentVariableSettings.js'
import { checkBudget } from './trainingData.js'

export interface LatentVariableFitOptions extends EpochFitOptions<LatentVariableProgress, LatentVariableData> {
  /** Data that is not learned from; its energy is measured after each epoch, on its first 2,000 observations. */
  readonly heldOut?: LatentVariableData
}

const HELD_OUT_LIMIT = 2000

/** Learns the parameters of an energy; see {@link LatentVariableFitOptions}. */
export const fitLatentVariable = holdingFit(learn)

async function learn(
  definition: LatentVariableDefinition,
  data: LatentVariableData,
  fit: LatentVariableFitOptions,
): Promise<LatentVariableModel> {
  checkOptions('fit', fit, epochFitOptions)
  checkBudget(fit)
  const source = pairSource(definition.energy, data)
  const heldOut = fit.heldOut && (await firstPairs(pairSource(definition.energy, fit.heldOut), HELD_OUT_LIMIT))
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const settings = describeLatentVariable(definition, source.name)
  const machine = await runtime(definition.runtime)
  const learner = await LatentVariableLearner.start(definition, machine)
  try {
    const session = new EpochSession({
      model: latentVariableName,
      settings,
      fit,
      place,
      machine,
      learner,
      terms: latentVariableTerms,
      report: (common, means, measured) => ({
        ...common,
        ...means,
        ...measured,
        gradientNorm: learner.gradientNorm,
      }),
      validProgress: validLatentVariableProgress,
      evaluate: heldOut && (async (signal) => ({ heldOutEnergy: await learner.evaluate(heldOut, signal) })),
      nothingLearned,
    })
    await session.restore()
    if (heldOut) {
      definition.energy.cost.check?.(heldOut.y, 'Held-out observations')
      await learner.evaluate(firstRow(heldOut), fit.signal) // for what it refuses, before anything is learned
    }
    await session.learn(source)
    const kept = await firstPairs(source, definition.keptCodes, definition.seed)
    const model = createLatentVariableModel({
      definition: definition.energy,
      settings,
      parameters: learner.parameters(),
      runtime: machine,
      history: session.history,
      status: session.status,
      keptCodes: await learner.codesOf(kept, fit.signal),
    })
    await session.finish((run) => model.saveInto(run))
    return model
  } finally {
    learner.dispose()
  }
}

/** The first pairs of a pass. Throws {@link DataError} where there are none. */
async function firstPairs(source: PairSource, count: number, seed?: number): Promise<Observed> {
  for await (const pairs of source.batches({ batchSize: count, ...(seed === undefined ? {} : { seed }) })) return pairs
  throw new DataError(`${source.name} holds no observations.`)
}

function firstRow({ x, y }: Observed): Observed {
  return { ...(x ? { x: rows(x, 0, 1) } : {}), y: rows(y, 0, 1) }
}

const nothingLearned = (status: LearningStatus) => ({
  cause: status === 'diverged' ? 'The energy falls without bound' : 'The energy is no finite number',
  advice: 'Add a regularizer, lower the learning rate, or look at the energy and the data.',
})
