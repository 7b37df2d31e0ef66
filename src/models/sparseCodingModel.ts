import { storedTensor } from '../artifacts/safetensors.js'
import { checkIsCodes } from '../inference/checkCodes.js'
import type { Inference } from '../inference/inference.js'
import { joinInferences } from '../inference/joinInferences.js'
import { decode } from '../inference/linear/decode.js'
import {
  type EncodeOptions,
  encodeOptions,
  type LinearEncoder,
  linearEncoder,
} from '../inference/linear/linearEncoder.js'
import type { FittedStep } from '../preprocess/preprocessor.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { toPng } from '../views/toPng.js'
import { checkCodable, codedBatches, observationsToCode } from './codedBatches.js'
import type { ObservationMasks } from './convolutionalData.js'
import { isTensor } from './dataKind.js'
import type { DictionaryModel } from './dictionaryModel.js'
import type { FitProgress } from './fitProgress.js'
import { batchMasks, checkUnprocessed, checkWhole } from './maskedObservations.js'
import { saveModel } from './saveModel.js'
import type { SparseCodingData } from './sparseCoding.js'
import { sparseCodingCard } from './sparseCodingCard.js'
import { type SparseCodingSettings, settingsRegularizer } from './sparseCodingSettings.js'

export interface SparseCodingEncodeOptions extends Omit<EncodeOptions, 'mask'> {
  /** What was observed; see {@link ObservationMasks}. For models without preprocessing, and observations rather than images. */
  readonly mask?: ObservationMasks
}

/** A dictionary with its preprocessing: codes, reconstructions and energies of new data. */
export interface SparseCodingModel extends DictionaryModel<SparseCodingEncodeOptions> {
  readonly kind: 'sparse-coding'
  readonly settings: SparseCodingSettings
  /** How often each atom was used while learning, older batches forgotten as its statistics are. */
  readonly usage: Float64Array
  /** The reports of learning. */
  readonly history: readonly FitProgress[]
}

const BATCH = 4096

export async function sparseCodingModel(parts: {
  settings: SparseCodingSettings
  atoms: Tensor
  usage: Float64Array
  step: FittedStep
  history: readonly FitProgress[]
  threads: number | undefined
}): Promise<SparseCodingModel> {
  const { settings, atoms, usage, step, history } = parts
  const shape = atoms.shape.slice(1)
  let encoder: Promise<LinearEncoder> | undefined
  const ready = (): Promise<LinearEncoder> => {
    encoder ??= linearEncoder({
      atoms,
      regularizer: settingsRegularizer(settings),
      ...(parts.threads === undefined ? {} : { threads: parts.threads }),
    })
    return encoder
  }

  const checkMaskable = (data: SparseCodingData): void => {
    checkUnprocessed(settings.preprocess)
    checkWhole(data)
  }

  const model: SparseCodingModel = {
    kind: 'sparse-coding',
    settings,
    atoms,
    usage,
    history,
    preprocess: step,
    observations: (data) => observationsToCode(data, settings.input, shape),

    async *encodeBatches(data, options = {}) {
      checkOptions('encode', options, { ...encodeOptions, batchSize: true })
      const { batchSize = BATCH, warmStart, seconds, onProgress, mask, ...rest } = options
      if (warmStart) throw new ConfigurationError('Codes to start from need a whole batch; use encode.')
      if (mask) checkMaskable(data)
      const source = model.observations(data)
      checkCodable(source.name, source.shape, shape)
      const masks = mask && batchMasks(mask, source)
      const coder = await ready()
      const stream = { batchSize, seconds, signal: options.signal, onProgress }
      yield* codedBatches(source, stream, async (batch, left, first) => {
        const { output, context } = step.apply(batch)
        const hidden = masks && { mask: masks(batch, first) }
        return { inference: await coder.encode(output, { ...rest, ...left, ...hidden }), context }
      })
    },

    async encode(data, options = {}) {
      if (isTensor(data)) {
        checkOptions('encode', options, encodeOptions)
        checkCodable('The batch', data.shape.slice(1), shape)
        const { mask, ...rest } = options
        if (!mask) return (await ready()).encode(step.apply(data).output, rest)
        checkMaskable(data)
        const masks = batchMasks(mask, { shape, count: data.shape[0] })
        return (await ready()).encode(data, { ...rest, mask: masks(data, 0) })
      }
      const parts: Inference[] = []
      for await (const { inference } of model.encodeBatches(data, options)) parts.push(inference)
      return joinInferences(parts, atoms.shape[0])
    },

    async decode(codes, context) {
      checkIsCodes(codes, 'Codes')
      return step.invert(decode(codes, atoms), context)
    },

    async energy(data, options) {
      return (await model.encode(data, options)).energy
    },

    save: (path, options = {}) =>
      saveModel(path, options, { name: 'sparse-coding', settings, history, saveInto: model.saveInto }),

    async saveInto(run) {
      const preprocess = Object.entries(step.tensors).map(
        ([name, value]) => [`preprocess.${name}`, storedTensor(value.data, [...value.shape])] as const,
      )
      if (drawable(shape)) await run.savePicture('atoms.png', await toPng(mosaic(atoms, { usage })))
      await run.saveCard(sparseCodingCard(model, drawable(shape) ? ['atoms.png'] : []))
      await run.saveTensors({
        atoms: storedTensor(atoms.data, [...atoms.shape]),
        usage: storedTensor(usage),
        ...Object.fromEntries(preprocess),
      })
    },

    dispose() {
      encoder?.then((started) => started.dispose()).catch(() => {})
      encoder = undefined
    },
  }
  return model
}

/** Whether atoms of this shape can be shown as pictures. */
export function drawable(shape: readonly number[]): boolean {
  if (shape.length === 1) return Number.isInteger(Math.sqrt(shape[0]))
  return shape.length === 2 || (shape.length === 3 && shape[2] === 3)
}
