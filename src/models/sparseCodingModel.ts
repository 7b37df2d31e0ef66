import type { Run } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import type { Store } from '../artifacts/store.js'
import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import type { Codes } from '../inference/codes.js'
import type { Inference } from '../inference/inference.js'
import { joinInferences } from '../inference/joinInferences.js'
import { decode } from '../inference/linear/decode.js'
import { type EncodeOptions, type LinearEncoder, linearEncoder } from '../inference/linear/linearEncoder.js'
import { gridPatches } from '../preprocess/gridPatches.js'
import type { FittedStep, NamedTensors } from '../preprocess/preprocessor.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { CancelledError, ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { toPng } from '../views/toPng.js'
import { isImages, isTensor } from './dataKind.js'
import type { FitProgress } from './fitProgress.js'
import { checkUnprocessed } from './maskedObservations.js'
import { saveModel } from './saveModel.js'
import type { SparseCodingData } from './sparseCoding.js'
import { sparseCodingCard } from './sparseCodingCard.js'
import { type SparseCodingSettings, settingsRegularizer } from './sparseCodingSettings.js'

/** Codes of one batch of a stream, with what decoding needs to undo the preprocessing. */
export interface EncodedBatch {
  /** Row of the first observation in the whole stream. */
  readonly first: number
  readonly inference: Inference
  readonly context: NamedTensors
}

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

  const observationsOf = (data: SparseCodingData): Observations => {
    if (isImages(data)) {
      const { input } = settings
      if (input.kind !== 'images') {
        throw new ConfigurationError(
          `${data.name} holds images, but this model codes observations of ${formatShape(shape)}; give observations of that shape.`,
        )
      }
      const [height, width] = input.patch
      return gridPatches(data, { size: [height, width], transform: restoreImageStep(input.transform) })
    }
    return isTensor(data) ? fromTensor(data) : data
  }

  const model: SparseCodingModel = {
    kind: 'sparse-coding',
    settings,
    atoms,
    usage,
    history,
    preprocess: step,
    observations: observationsOf,

    async *encodeBatches(data, options = {}) {
      const { batchSize = BATCH, warmStart, seconds, onProgress, ...rest } = options
      if (warmStart) throw new ConfigurationError('Codes to start from need a whole batch; use encode.')
      if (options.mask)
        throw new ConfigurationError('A mask needs a whole batch [n, …shape]; use encode with a tensor.')
      const source = observationsOf(data)
      if (!sameShape(source.shape, shape)) {
        throw new ShapeError(
          `${source.name} holds observations of ${formatShape(source.shape)}, but this model codes ${formatShape(shape)}; give observations of that shape.`,
        )
      }
      const coder = await ready()
      const started = performance.now()
      let first = 0
      for await (const batch of source.batches({ batchSize, ...(options.signal ? { signal: options.signal } : {}) })) {
        if (options.signal?.aborted) throw new CancelledError(`Encoding was cancelled after ${first} observations.`)
        const { output, context } = step.apply(batch)
        const left =
          seconds === undefined ? {} : { seconds: Math.max(0, seconds - (performance.now() - started) / 1000) }
        const inference = await coder.encode(output, { ...rest, ...left })
        yield { first, inference, context }
        first += batch.shape[0]
        onProgress?.({ done: first, total: source.count ?? first, seconds: (performance.now() - started) / 1000 })
      }
    },

    async encode(data, options = {}) {
      if (isTensor(data)) {
        if (!sameShape(data.shape.slice(1), shape)) {
          throw new ShapeError(
            `Observations of ${formatShape(data.shape.slice(1))} were given, but this model codes ${formatShape(shape)}; give a batch [n, ${shape.join(', ')}].`,
          )
        }
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
