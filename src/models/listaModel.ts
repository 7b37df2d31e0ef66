import { storedTensor } from '../artifacts/safetensors.js'
import type { Encoder } from '../energy/encoders/encoder.js'
import type { Parameters } from '../energy/module.js'
import { type AmortizedEncodeOptions, AmortizedInference, amortizedEncodeOptions } from '../inference/amortized.js'
import type { Codes } from '../inference/codes.js'
import type { Inference } from '../inference/inference.js'
import { joinInferences } from '../inference/joinInferences.js'
import { decode } from '../inference/linear/decode.js'
import type { FittedStep } from '../preprocess/preprocessor.js'
import type { Runtime } from '../runtime/runtime.js'
import { checkOptions } from '../tensor/options.js'
import type { Tensor } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { toPng } from '../views/toPng.js'
import { checkCodable, codedBatches, observationsToCode } from './codedBatches.js'
import { isTensor } from './dataKind.js'
import type { DictionaryModel } from './dictionaryModel.js'
import { stored } from './latentVariableTensors.js'
import { amortizedCard } from './listaCard.js'
import type { EncoderProgress, EncoderStatus } from './listaProgress.js'
import type { AmortizedSettings } from './listaSettings.js'
import { saveModel } from './saveModel.js'
import { drawable } from './sparseCodingModel.js'

/** The models whose codes an encoder gives. */
export type AmortizedKind = 'lista' | 'predictive-sparse-decomposition'

/**
 * A dictionary, the encoder that predicts its codes, and the preprocessing before both. `encode` gives the encoder's codes with energy
 * and duality gap; with `refine`, a relative gap, the exact solver goes on from them until it holds.
 */
export interface AmortizedModel extends DictionaryModel<AmortizedEncodeOptions> {
  readonly kind: AmortizedKind
  readonly settings: AmortizedSettings
  readonly encoder: Encoder
  /** The encoder's parameters, by name. */
  readonly parameters: Parameters
  /** The reports of learning. */
  readonly history: readonly EncoderProgress[]
  /** How learning ended. */
  readonly status: EncoderStatus
  /** Energy and duality gap of any codes of a batch, as they are, in double precision; nothing is searched. */
  certify(observations: Tensor, codes: Codes): Promise<Inference>
}

const BATCH = 4096

export async function amortizedModel(parts: {
  kind: AmortizedKind
  settings: AmortizedSettings
  encoder: Encoder
  atoms: Tensor
  parameters: Parameters
  step: FittedStep
  history: readonly EncoderProgress[]
  status: EncoderStatus
  runtime: Runtime
  threads: number | undefined
}): Promise<AmortizedModel> {
  const { kind, settings, encoder, atoms, parameters, step, history, status, runtime, threads } = parts
  const { objective, lambda } = settings
  const shape = atoms.shape.slice(1)
  let inference: Promise<AmortizedInference> | undefined
  const ready = (): Promise<AmortizedInference> => {
    inference ??= AmortizedInference.start({
      encoder,
      parameters,
      problem: { atoms, lambda, gamma: objective.kind === 'joint' ? objective.gamma : 0 },
      runtime,
      threads,
    })
    return inference
  }

  const model: AmortizedModel = {
    kind,
    settings,
    atoms,
    encoder,
    parameters,
    history,
    status,
    preprocess: step,

    observations: (data) => observationsToCode(data, settings.input, shape),

    async *encodeBatches(data, options = {}) {
      checkOptions('encode', options, { ...amortizedEncodeOptions, batchSize: true })
      const { batchSize = BATCH, seconds, onProgress, ...rest } = options
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
        checkOptions('encode', options, amortizedEncodeOptions)
        checkCodable('The batch', data.shape.slice(1), shape)
        return (await ready()).encode(step.apply(data).output, options)
      }
      const found: Inference[] = []
      for await (const batch of model.encodeBatches(data, options)) found.push(batch.inference)
      return joinInferences(found, atoms.shape[0])
    },

    async certify(observations, codes) {
      checkCodable('The batch', observations.shape.slice(1), shape)
      return (await ready()).certify(step.apply(observations).output, codes)
    },

    decode: async (codes, context) => step.invert(decode(codes, atoms), context),
    energy: async (data, options) => (await model.encode(data, options)).energy,

    save: (path, options = {}) =>
      saveModel(path, options, { name: kind, settings, history, status, saveInto: model.saveInto }),

    async saveInto(run) {
      if (drawable(shape)) await run.savePicture('atoms.png', await toPng(mosaic(atoms)))
      await run.saveCard(amortizedCard(model, drawable(shape) ? ['atoms.png'] : []))
      await run.saveTensors({
        atoms: storedTensor(atoms.data, [...atoms.shape]),
        ...stored('encoder', parameters),
        ...stored('preprocess', step.tensors),
      })
    },

    dispose() {
      // An encoder that did not start has been reported where it was asked for.
      inference?.then((started) => started.dispose()).catch(() => {})
      inference = undefined
    },
  }
  return model
}
