import { Option } from 'commander'
import { given } from '../given.js'
import { count, number } from '../numbers.js'
import type { ModelCommand } from './model.js'
import {
  dataAndResult,
  dictionaryUpdate,
  type FitOptions,
  learning,
  type MaskOptions,
  masks,
  type PreprocessingOptions,
  preprocessing,
  type RegularizerOptions,
  regularizer,
  type UpdateOptions,
} from './options.js'

/** The options of `energia fit sparse-coding`. */
export interface SparseCodingOptions
  extends FitOptions,
    MaskOptions,
    PreprocessingOptions,
    RegularizerOptions,
    UpdateOptions {
  readonly atoms: number
  readonly nonnegativeAtoms?: boolean
  readonly deadAfter?: number
  readonly start: 'observations' | 'parts' | 'noise'
  readonly learningTolerance?: number
}

/** ½‖y − Wz‖² + λR(z) with a dictionary W. */
export const sparseCoding: ModelCommand<SparseCodingOptions> = {
  name: 'sparse-coding',
  description: 'learn a dictionary W of atoms such that each observation y is a sum of few: ½‖y − Wz‖² + λR(z)',
  examples: `
    $ energia fit sparse-coding --data digits --atoms 256 --lambda 1 --out runs/strokes
    $ energia fit sparse-coding --data photographs --patch 16 --whiten olshausen --lambda-ratio 0.1 --out runs/edges
    $ energia fit sparse-coding --data 'images/*.png' --patch 8 --regularizer top-k --active 5 --seconds 60 --out runs/mine`,
  also: ['export', 'features'],

  options(command) {
    dataAndResult(command)
    command.optionsGroup('Model:').option('--atoms <n>', 'number of atoms', count, 256)
    regularizer(command)
    command.option('--nonnegative-atoms', 'keep all atoms at 0 or above')
    masks(command)
    preprocessing(command)
    learning(command, { epochs: 10, batch: 1024 })
    dictionaryUpdate(command)
    command
      .option(
        '--learning-tolerance <number>',
        'relative gap of codes while learning (default: 0.01)',
        number({ above: 0, below: 1 }),
      )
      .option('--dead-after <n>', 'observations without use after which an atom is replaced', count)
      .addOption(
        new Option('--start <what>', 'what first atoms are made of; parts lead to local atoms')
          .choices(['observations', 'parts', 'noise'])
          .default('observations'),
      )
  },

  async recipe(options, { threads, note }) {
    const { ConfigurationError, sparseCoding: define } = await import('../../src/index.js')
    const { checkTogether, chosenRegularizer, chosenUpdate, cutOf, imageSteps, observationSteps } = await import(
      '../actions/learningParts.js'
    )
    const { learningMasks, maskFiles, spatialOf } = await import('../actions/masks.js')
    const { measured, progressLine } = await import('../actions/sparseCodingReport.js')
    checkTogether(options)
    const processed = options.patch !== undefined || observationSteps(options).length > 0
    if (options.mask !== undefined && processed) {
      throw new ConfigurationError(
        '--mask goes with observations as they are: patches have no masks, and centring, contrast and whitening would take in what is missing; leave them out.',
      )
    }
    const files = await maskFiles(options, 2)
    const penalty = await chosenRegularizer(options)
    return {
      cut: cutOf(options),
      define(data) {
        const definition = define({
          atoms: options.atoms,
          regularizer: penalty,
          update: chosenUpdate(options),
          preprocess: observationSteps(options),
          transform: imageSteps(options),
          seed: options.seed,
          ...threads,
          ...given({
            nonNegativeAtoms: options.nonnegativeAtoms,
            patch: 'image' in data ? options.patch : undefined,
            patchesPerEpoch: options.patchesPerEpoch,
            minimumDeviation: options.minimumDeviation,
            batchSize: options.batch,
            deadAfter: options.deadAfter,
            start: options.start,
            learningTolerance: options.learningTolerance,
          }),
        })
        return {
          facts: { atoms: options.atoms, regularizer: penalty.kind },
          async learn({ fit, progress }) {
            const masked = learningMasks(files, options, spatialOf(data), data, fit.heldOut, note)
            const model = await definition.fit(data, {
              ...fit,
              ...masked,
              onProgress: (report) => progress(report, progressLine(report)),
            })
            return {
              measure: async (sample, signal) => measured(model, await sample(!masked.mask), signal, masked.mask),
              dispose: () => model.dispose(),
            }
          },
        }
      },
    }
  },

  async open(run, { threads, runtime }) {
    const { exportOnnx, featureLength, features, loadModel, restoreImageStep, solverByName } = await import(
      '../../src/index.js'
    )
    const { refuse } = await import('../actions/codingOptions.js')
    const { codingMasks, spatialOf } = await import('../actions/masks.js')
    const { portrait } = await import('../actions/sparseCodingReport.js')
    const { stepKinds } = await import('../actions/stepKinds.js')
    refuse('sparse-coding', runtime, ['device'], 'its solvers run on the CPU')
    const model = await loadModel(run, { ...threads, model: 'sparse-coding' })
    const { atoms, observation, input, preprocess, regularizer: penalty } = model.settings
    return {
      kind: 'sparse-coding',
      observation,
      codeLength: atoms,
      transform: input.kind === 'images' ? restoreImageStep(input.transform) : undefined,
      preprocessing: stepKinds(preprocess),
      coder(coding, note) {
        refuse('sparse-coding', coding, ['sweeps', 'restarts', 'samples'], 'its solvers find the code of least energy')
        const { mask: file, tolerance, maxSteps, seconds } = coding
        const solver = coding.solver && solverByName(coding.solver, penalty.kind)
        const options = given({ solver, tolerance, maxSteps, seconds })
        return async function* (data, signal) {
          const mask = await codingMasks(file, data, spatialOf(data), note)
          yield* model.encodeBatches(data, { signal, ...options, ...given({ mask }) })
        }
      },
      features: (options) => ({
        length: featureLength(model, options),
        each: (data, signal) => features(model, data, { ...options, signal }),
      }),
      decode: (codes, context) => model.decode(codes, context),
      onnx: (options) => exportOnnx(model, options),
      portrait: async () => portrait(model),
      dispose: () => model.dispose(),
    }
  },
}
