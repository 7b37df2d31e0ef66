import type { Run } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import type { Store } from '../artifacts/store.js'
import type { Observations } from '../data/observations.js'
import type { Codes } from '../inference/codes.js'
import type { Inference } from '../inference/inference.js'
import { joinInferences } from '../inference/joinInferences.js'
import { decode } from '../inference/linear/decode.js'
import {
  type EncodeOptions,
  encodeOptions,
  type LinearEncoder,
  linearEncoder,
} from '../inference/linear/linearEncoder.js'
import type { FittedStep, NamedTensors } from '../preprocess/preprocessor.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { toPng } from '../views/toPng.js'
import { type CodedBatch, checkCodable, codedBatches, observationsToCode } from './codedBatches.js'
import { isTensor } from './dataKind.js'
import type { FitProgress } from './fitProgress.js'
import { checkUnprocessed } from './maskedObservations.js'
import { saveModel } from './saveModel.js'
import type { SparseCodingData } from './sparseCoding.js'
import { sparseCodingCard } from './sparseCodingCard.js'
import { type SparseCodingSettings, settingsRegularizer } from './sparseCodingSettings.js'

/** Codes of one batch of a stream, with what decoding needs to undo the preprocessing. */
export type EncodedBatch = CodedBatch<Inference, NamedTensors>

/** A dictionary with its preprocessing: codes, reconstructions and energies of new data. */
export interface SparseCodingModel {
  readonly kind: 'sparse-coding'
  readonly settings: SparseCodingSettings
  /** [k, …shape of an observation] */
  readonly atoms: Tensor
  /** How often each atom was used while learning, older batches forgotten as its statistics are. */
  readonly usage: Float64Array
  /** The reports of learning. */
  readonly history: readonly FitProgress[]
  /** What is done to observations before they are coded. */
  readonly preprocess: FittedStep
  /** Codes of all observations. Images are cut into the patches of a grid without overlap (the last ones shifted inwards). */
  encode(data: SparseCodingData, options?: EncodeOptions): Promise<Inference>
  /** The same, batch by batch, for streams of any length. */
  encodeBatches(data: SparseCodingData, options?: EncodeOptions & { batchSize?: number }): AsyncGenerator<EncodedBatch>
  /** Wz, with the preprocessing undone as far as `context` (from {@link encodeBatches}) allows. */
  decode(codes: Codes, context?: NamedTensors): Promise<Tensor>
  /** Free energy F(y) = min over z of E(y, z) of each observation, preprocessed; an anomaly score. */
  energy(data: SparseCodingData, options?: EncodeOptions): Promise<Float64Array>
  /** The observations that {@link encode} would code, before preprocessing: those given, or the grid patches of images. */
  observations(data: SparseCodingData): Observations
  /** Writes a run folder: settings, tensors, metrics, a picture of the atoms and a card. */
  save(path: string | Store, options?: { overwrite?: boolean }): Promise<void>
  /** Finishes a run that learning has begun. */
  saveInto(run: Run): Promise<void>
  dispose(): void
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
      if (mask) throw new ConfigurationError('A mask needs a whole batch [n, …shape]; use encode with a tensor.')
      const source = model.observations(data)
      checkCodable(source.name, source.shape, shape)
      const coder = await ready()
      const stream = { batchSize, seconds, signal: options.signal, onProgress }
      yield* codedBatches(source, stream, async (batch, left) => {
        const { output, context } = step.apply(batch)
        return { inference: await coder.encode(output, { ...rest, ...left }), context }
      })
    },

    async encode(data, options = {}) {
      if (isTensor(data)) {
        checkCodable('The batch', data.shape.slice(1), shape)
        if (options.mask) checkUnprocessed(settings.preprocess)
        return (await ready()).encode(options.mask ? data : step.apply(data).output, options)
      }
      const parts: Inference[] = []
      for await (const { inference } of model.encodeBatches(data, options)) parts.push(inference)
      return joinInferences(parts, atoms.shape[0])
    },

    async decode(codes, context) {
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
      void encoder?.then((started) => started.dispose())
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
