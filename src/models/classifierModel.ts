import type { Run } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import type { Parameters } from '../energy/module.js'
import { softmax } from '../graph/index.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import type { Program, Runtime } from '../runtime/runtime.js'
import { CancelledError, ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { type Tensor, zeros } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { toPng } from '../views/toPng.js'
import { classifierCard } from './classifierCard.js'
import { filtersOf } from './classifierFilters.js'
import {
  type ClassifierNetwork,
  compileFor,
  featuresOf,
  runInParts,
  scoresOf,
  transformed,
} from './classifierNetwork.js'
import type { ClassifierProgress } from './classifierProgress.js'
import { type ClassifierSettings, classifierName } from './classifierSettings.js'
import { checkCodable } from './codedBatches.js'
import type { LearningStatus } from './epochProgress.js'
import { stored } from './latentVariableTensors.js'
import { saveModel } from './saveModel.js'

export interface ClassifyOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { done: number; total?: number; seconds: number }) => void
}

/** What a classifier says of observations. */
export interface Classification {
  /** [n, classes], rows of sum 1. */
  readonly probabilities: Tensor
  /** The most probable class of each, by its number. */
  readonly predicted: Uint32Array
}

/** A learned classifier of images or other observations of one shape. */
export interface ClassifierModel {
  readonly kind: typeof classifierName
  readonly settings: ClassifierSettings
  /** What the classes are called. */
  readonly classes: readonly string[]
  /** By name: `body.…` and `head.…`. */
  readonly parameters: Parameters
  /** The filters of the first layer, [k, h, w] or [k, h, w, c]; undefined where it has none. */
  readonly filters: Tensor | undefined
  readonly history: readonly ClassifierProgress[]
  /** How learning ended. */
  readonly status: LearningStatus
  /** Classes of observations, [n, …shape]. */
  classify(data: Tensor | Observations, options?: ClassifyOptions): Promise<Classification>
  /** The same, batch by batch, for streams of any length. */
  classifyBatches(
    data: Tensor | Observations,
    options?: ClassifyOptions & { readonly batchSize?: number },
  ): AsyncGenerator<Classification>
  /** Writes a run folder, from which `loadModel` makes the model again. */
  save(path: string | Store, options?: { readonly overwrite?: boolean }): Promise<void>
  /** Finishes a run that learning has begun. */
  saveInto(run: Run): Promise<void>
  dispose(): void
}

/** What a model is made of. */
export interface ClassifierModelParts extends Pick<ClassifierModel, 'settings' | 'parameters' | 'history' | 'status'> {
  readonly network: ClassifierNetwork
  readonly transform: ImageStep
  readonly runtime: Runtime
  readonly threads: number | undefined
}

const BATCH = 1000

export function classifierModel(parts: ClassifierModelParts): ClassifierModel {
  const { settings, parameters, history, status, network, transform, runtime } = parts
  const { classes, observation } = settings
  const filters = filtersOf(settings, parameters)
  let disposed = false
  let program: Promise<Program> | undefined
  const ready = (): Promise<Program> => {
    if (disposed) {
      throw new ConfigurationError('This model has been disposed of; load it again, or dispose of it later.')
    }
    program ??= compileFor(runtime, observation, parameters, (symbols, x) =>
      softmax(scoresOf(network, symbols, featuresOf(network, symbols, x)), 1),
    )
    return program
  }

  const model: ClassifierModel = {
    kind: classifierName,
    settings,
    classes,
    parameters,
    filters,
    history,
    status,

    async *classifyBatches(data, options = {}) {
      checkOptions('classify', options, { signal: true, onProgress: true, batchSize: true })
      const { signal, onProgress, batchSize = BATCH } = options
      const source = 'data' in data ? fromTensor(data, 'the batch') : data
      checkCodable(source.name, source.shape, observation)
      const run = await ready()
      const begun = performance.now()
      let done = 0
      for await (const batch of source.batches({ batchSize, ...(signal ? { signal } : {}) })) {
        const stopped = `Classifying was stopped after ${done} observations.`
        if (signal?.aborted) throw new CancelledError(stopped)
        const images = transformed(batch, transform)
        const probabilities = await runInParts(run, images, classes.length, { signal, stopped })
        done += batch.shape[0]
        yield { probabilities, predicted: mostProbable(probabilities) }
        const total = source.count === undefined ? {} : { total: source.count }
        onProgress?.({ done, ...total, seconds: (performance.now() - begun) / 1000 })
      }
    },

    async classify(data, options) {
      const found: Classification[] = []
      for await (const batch of model.classifyBatches(data, options)) found.push(batch)
      const count = found.reduce((sum, { predicted }) => sum + predicted.length, 0)
      const probabilities = zeros([count, classes.length])
      const predicted = new Uint32Array(count)
      let at = 0
      for (const batch of found) {
        probabilities.data.set(batch.probabilities.data, at * classes.length)
        predicted.set(batch.predicted, at)
        at += batch.predicted.length
      }
      return { probabilities, predicted }
    },

    save: (path, options = {}) =>
      saveModel(path, options, { name: classifierName, settings, history, status, saveInto: model.saveInto }),

    async saveInto(run) {
      if (filters) await run.savePicture('filters.png', await toPng(mosaic(filters)))
      await run.saveCard(classifierCard(model, filters ? ['filters.png'] : []))
      await run.saveTensors(stored('parameters', parameters))
    },

    dispose() {
      disposed = true
      // A graph that did not compile has been reported where it was asked for.
      program?.then((compiled) => compiled.dispose()).catch(() => {})
      program = undefined
    },
  }
  return model
}

/** The place of the largest number of each row; of equal ones the first. */
function mostProbable({ shape: [count, classes], data }: Tensor): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => {
    let best = 0
    for (let c = 1; c < classes; c++) if (data[i * classes + c] > data[i * classes + best]) best = c
    return best
  })
}
