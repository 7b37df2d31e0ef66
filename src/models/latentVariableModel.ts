import type { Run } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import { checkData } from '../data/checkData.js'
import type { LatentVariableEnergy } from '../energy/latentVariableEnergy.js'
import type { Parameters } from '../energy/module.js'
import { encodeOnnx } from '../graph/index.js'
import { checkCodes } from '../inference/checkCodes.js'
import { type Codes, toDense } from '../inference/codes.js'
import { isQuadratic } from '../inference/graph/certify.js'
import { encodeSettings, type GraphEncodeOptions, graphEncodeOptions } from '../inference/graph/encodeSettings.js'
import { graphEncoder } from '../inference/graph/graphEncoder.js'
import { checkBatch, checkedSamples, checkFinite, type Observed } from '../inference/graph/observed.js'
import { Programs } from '../inference/graph/programs.js'
import { type QuadratureOptions, quadrature } from '../inference/graph/quadrature.js'
import { decoderGraph, encoderGraph, inferenceGraph } from '../inference/graph/standaloneGraphs.js'
import type { Inference } from '../inference/inference.js'
import { joinInferences } from '../inference/joinInferences.js'
import type { Runtime } from '../runtime/runtime.js'
import { ConfigurationError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { type CodedBatch, codedBatches } from './codedBatches.js'
import type { LearningStatus } from './epochProgress.js'
import { latentVariableCard } from './latentVariableCard.js'
import { type LatentVariableData, pairSource } from './latentVariableData.js'
import {
  decodeCodes,
  drawCodes,
  type Predictions,
  type PredictiveParts,
  type PredictOptions,
  predictSet,
} from './latentVariablePredict.js'
import type { LatentVariableProgress } from './latentVariableProgress.js'
import type { LatentVariableSettings } from './latentVariableSettings.js'
import { stored } from './latentVariableTensors.js'
import type { Model } from './model.js'
import { saveModel } from './saveModel.js'

/** The name of these models in run folders. */
export const latentVariableName = 'latent-variable'

/** Codes of one batch of a stream. */
export type LatentVariableBatch = CodedBatch<Inference, { readonly x?: Tensor }>

/** An energy E(x, y, z) with its parameters. */
export interface LatentVariableModel extends Model<LatentVariableData, GraphEncodeOptions, { readonly x?: Tensor }> {
  readonly kind: typeof latentVariableName
  /** The energy's parts. */
  readonly definition: LatentVariableEnergy
  readonly settings: LatentVariableSettings
  /** By name: `predictor.…`, `decoder.…`, `encoder.…`. */
  readonly parameters: Parameters
  /** Codes of training data, [n, k]; absent where the model has not learned. */
  readonly keptCodes: Tensor | undefined
  readonly history: readonly LatentVariableProgress[]
  /** How learning ended. */
  readonly status: LearningStatus
  /** What its graphs run on. */
  readonly runtime: Runtime
  /** Codes of least energy; with `maxSteps: 0`, the encoder's guess as it is. */
  encode(data: LatentVariableData, options?: GraphEncodeOptions): Promise<Inference>
  /** The same, batch by batch, for streams of any length. */
  encodeBatches(
    data: LatentVariableData,
    options?: GraphEncodeOptions & { readonly batchSize?: number },
  ): AsyncGenerator<LatentVariableBatch>
  /** ȳ, the mean of y under the model, for each code, and x [n, …] where the energy has it. */
  decode(codes: Codes, context?: { readonly x?: Tensor }): Promise<Tensor>
  /** Free energy F(x, y) = min over z of E(x, y, z) of each observation. */
  energy(data: LatentVariableData, options?: GraphEncodeOptions): Promise<Float64Array>
  /** The same; with β, F_β(x, y) = −(1/β) log ∫ exp(−βE) dz, for codes of up to 3 numbers. */
  freeEnergy(observed: Observed, options?: GraphEncodeOptions | QuadratureOptions): Promise<Float64Array>
  /** E(x, y, z) at given codes. */
  energyAt(observed: Observed, codes: Codes): Promise<Float64Array>
  /** A set of ȳ for each x (or for none, where the energy has none), with their energies. */
  predict(x?: Tensor, options?: PredictOptions): Promise<Predictions>
  /** Observations decoded from codes of training data, or from the prior where the model has not learned. Throws where there is an x. */
  sample(count: number, options?: { readonly seed?: number }): Promise<Tensor>
  /**
   * A part as an ONNX model that stands alone, with an open batch: `decoder` (inputs z and x, output y), `encoder` (y and x to z), or
   * `inference` to a tolerance (y and x to z, its energy, status and gap). Codes are flat there.
   */
  onnx(part: 'decoder' | 'encoder' | 'inference', options?: GraphEncodeOptions): Uint8Array
  /** Finishes a run that learning has begun. */
  saveInto(run: Run): Promise<void>
}

const BATCH = 1024

/** A model from its parts. */
export function createLatentVariableModel(made: {
  readonly definition: LatentVariableEnergy
  readonly settings: LatentVariableSettings
  readonly parameters: Parameters
  readonly runtime: Runtime
  readonly history: readonly LatentVariableProgress[]
  readonly status: LearningStatus
  readonly keptCodes?: Tensor
}): LatentVariableModel {
  const { definition: energy, settings, parameters, runtime, history, status, keptCodes } = made
  const { seed } = settings
  const encoder = graphEncoder({ energy, parameters, runtime })
  const programs = new Programs(runtime)
  const parts: PredictiveParts = { encoder, programs, parameters, keptCodes, seed }

  const model: LatentVariableModel = {
    kind: latentVariableName,
    definition: energy,
    settings,
    parameters,
    keptCodes,
    history,
    status,
    runtime,

    async *encodeBatches(data, options = {}) {
      checkOptions('encode', options, { ...graphEncodeOptions, batchSize: true })
      const { batchSize = BATCH, warmStart, seconds, onProgress, ...rest } = options
      if (warmStart) throw new ConfigurationError('Codes to start from need a whole batch; use encode.')
      const stream = { batchSize, seconds, signal: options.signal, onProgress }
      yield* codedBatches(pairSource(energy, data), stream, async (pairs, left) => ({
        inference: await encoder.encode(pairs, { ...rest, ...left }),
        context: pairs.x ? { x: pairs.x } : {},
      }))
    },

    async encode(data, options = {}) {
      checkOptions('encode', options, graphEncodeOptions)
      checkData(data, 'pairs')
      if ('data' in data) return encoder.encode({ y: data }, options)
      if ('y' in data) return encoder.encode(data, options)
      const inferences: Inference[] = []
      for await (const { inference } of model.encodeBatches(data, options)) inferences.push(inference)
      return joinInferences(inferences, energy.codeSize)
    },

    async decode(codes, { x } = {}) {
      checkCodes(codes, undefined, energy.codeSize, 'Codes')
      if (energy.xShape && !x)
        throw new ConfigurationError('The energy explains y from x; pass { x } along with the codes.')
      if (energy.xShape && x) {
        checkBatch('x', x, energy.xShape)
        checkFinite('x', x)
      }
      return decodeCodes(parts, toDense(codes), energy.xShape ? x : undefined)
    },

    energy: async (data, options) => (await model.encode(data, options)).energy,
    freeEnergy: async (observed, options = {}) =>
      'beta' in options ? quadrature(encoder, observed, options) : (await encoder.find(observed, options)).energy,

    async energyAt(observed, codes) {
      checkCodes(codes, observed.y.shape[0], energy.codeSize, 'Codes')
      return encoder.energyOf({ ...observed, z: toDense(codes) })
    },

    async predict(x, options = {}) {
      if (options.count !== undefined) checkedSamples(energy, options.count)
      return predictSet(parts, x, options)
    },

    async sample(count, options = {}) {
      if (energy.xShape) throw new ConfigurationError('The energy explains y from x; use predict, which takes x.')
      const codes = drawCodes(
        parts,
        keptCodes ? 'learned' : 'prior',
        checkedSamples(energy, count),
        rng(options.seed ?? seed, 3),
      )
      return decodeCodes(parts, codes, undefined)
    },

    onnx(part, options = {}) {
      if (part === 'decoder') return encodeOnnx({ name: part, outputs: decoderGraph(energy, parameters) })
      if (part === 'encoder') return encodeOnnx({ name: part, outputs: encoderGraph(energy, parameters) })
      const settings = encodeSettings(options, isQuadratic(energy))
      return encodeOnnx({ name: part, outputs: inferenceGraph(energy, parameters, settings) })
    },

    save: (path, options = {}) =>
      saveModel(path, options, { name: latentVariableName, settings, history, status, saveInto: model.saveInto }),

    async saveInto(run) {
      await run.saveCard(latentVariableCard(model))
      await run.saveTensors({
        ...stored('parameters', parameters),
        ...(keptCodes ? { codes: storedTensor(keptCodes.data, [...keptCodes.shape]) } : {}),
      })
    },

    dispose() {
      encoder.dispose()
      programs.dispose()
    },
  }
  return model
}
