import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import {
  ConfigurationError,
  type EncoderLearning,
  type ListaOptions,
  loadModel,
  readNpyTensor,
  restoreImageStep,
  type SparseCodingModel,
  type Tensor,
} from '../../src/index.js'
import { given } from '../given.js'
import type { EncoderOptions } from '../models/encoderOptions.js'
import type { Recipe } from '../models/model.js'
import type { Session } from '../session.js'
import { dictionaryLine, encoderMeasured, progressLine } from './encoderReport.js'
import { checkTogether, cutOf, imageSteps, observationSteps } from './learningParts.js'
import { chosenOptimizer, noteRuntime } from './networks.js'

/** What both models take of the library's options. */
type Shared = Omit<ListaOptions, 'target'>

/** How `energia fit lista` and `energia fit psd` learn. Throws ConfigurationError where options do not go together. */
export async function encoderRecipe(
  options: EncoderOptions,
  session: Session,
  define: (shared: Shared) => EncoderLearning,
): Promise<Recipe> {
  checkTogether(options)
  const dictionary = await dictionaryOf(options, session)
  const shared: Shared = {
    seed: options.seed,
    encoder: options.encoder,
    runtime: session.runtime,
    ...session.threads,
    ...given({
      dictionary,
      optimizer: chosenOptimizer(options),
      atoms: options.atoms,
      lambda: options.lambda,
      dictionaryEpochs: options.dictionaryEpochs,
      steps: options.steps,
      tied: options.untied ? false : undefined,
      trainingSteps: options.trainingSteps,
      batchSize: options.batch,
      learningTolerance: options.learningTolerance,
    }),
  }
  const learning = (images: boolean) => define(dictionary ? shared : { ...shared, ...preprocessingOf(options, images) })
  learning(options.patch !== undefined) // for what it refuses, before data is read
  await noteRuntime(session)
  return {
    cut: dictionary ? cutAsLearned(dictionary) : cutOf(options),
    define(data) {
      return {
        facts: { encoder: options.encoder, ...given({ atoms: options.atoms, dictionary: options.dictionary }) },
        async learn({ fit: { epochs: _, patience: __, ...fit }, progress }) {
          const model = await learning('image' in data).fit(data, {
            ...fit,
            onDictionaryProgress: (report) => session.progress('dictionary', report, dictionaryLine(report)),
            onProgress: (report) => progress(report, progressLine(report)),
          })
          return {
            measure: async (sample, signal) => encoderMeasured(model, await sample(), signal),
            dispose: () => model.dispose(),
          }
        },
      }
    },
  }
}

/** The dictionary that is named, if one is: a model, or plain atoms. */
async function dictionaryOf(
  { dictionary, ...options }: EncoderOptions,
  session: Session,
): Promise<SparseCodingModel | Tensor | undefined> {
  if (dictionary === undefined) {
    if (options.atoms !== undefined) return undefined
    throw new ConfigurationError(
      'Say which dictionary codes are for: --dictionary RUN, or --atoms 256 --lambda 1 to learn one first.',
    )
  }
  const steps = [...imageSteps(options), ...observationSteps(options)]
  if (steps.length > 0 || options.patch !== undefined) {
    throw new ConfigurationError(
      'Preprocessing and patches are those that the dictionary was learned with; leave their options out beside --dictionary.',
    )
  }
  if (extname(dictionary).toLowerCase() === '.npy') return readNpyTensor(dictionary)
  if (!existsSync(dictionary)) {
    throw new ConfigurationError(
      `${dictionary} is not there; --dictionary takes a run of sparse-coding or an npy file.`,
    )
  }
  return loadModel(dictionary, { ...session.threads, model: 'sparse-coding' })
}

/** Patches as the dictionary's were cut. */
function cutAsLearned(dictionary: SparseCodingModel | Tensor): Recipe['cut'] {
  if (!('settings' in dictionary) || dictionary.settings.input.kind !== 'images') return 'none'
  const { patch, transform, minimumDeviation } = dictionary.settings.input
  return { size: [patch[0], patch[1]], transform: restoreImageStep(transform), minimumDeviation }
}

/** What is done to data before a dictionary is learned from it. */
function preprocessingOf(options: EncoderOptions, images: boolean): Partial<Shared> {
  return {
    preprocess: observationSteps(options),
    transform: imageSteps(options),
    ...given({
      patch: images ? options.patch : undefined,
      patchesPerEpoch: options.patchesPerEpoch,
      minimumDeviation: options.minimumDeviation,
    }),
  }
}
