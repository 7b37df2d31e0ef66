import type { Run } from '../artifacts/runFolder.js'
import { type Evidence, EvidenceSums } from '../diagnostics/evidence.js'
import { importanceSampled } from '../diagnostics/importanceSampling.js'
import type { Parameters } from '../energy/module.js'
import { checkedCount } from '../energy/regularizer.js'
import { checkCodes } from '../inference/checkCodes.js'
import { type Codes, concatCodes, emptyCodes, fromDense, toDense } from '../inference/codes.js'
import { checkBatch, checkedSamples, checkFinite, checkObserved, type Observed } from '../inference/graph/observed.js'
import type { Inference } from '../inference/inference.js'
import { turn } from '../kernels/turn.js'
import type { Runtime } from '../runtime/runtime.js'
import { CancelledError, ConfigurationError, ShapeError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { rows, type Tensor, takeRows, zeros } from '../tensor/tensor.js'
import { type CodedBatch, codedBatches } from './codedBatches.js'
import type { LearningStatus } from './epochProgress.js'
import type { LatentVariableData } from './latentVariableData.js'
import { stored } from './latentVariableTensors.js'
import type { Model } from './model.js'
import { saveModel } from './saveModel.js'
import { variationalCard } from './variationalAutoEncoderCard.js'
import { variationalSource } from './variationalAutoEncoderData.js'
import { fillNormal } from './variationalAutoEncoderLearner.js'
import type { VariationalParts } from './variationalAutoEncoderLoss.js'
import { variationalPictures } from './variationalAutoEncoderPictures.js'
import { VariationalPrograms } from './variationalAutoEncoderPrograms.js'
import type { VariationalProgress } from './variationalAutoEncoderProgress.js'
import type { VariationalSettings } from './variationalAutoEncoderSettings.js'

/** The name of these models in run folders. */
export const variationalName = 'variational-auto-encoder'

export interface VariationalEncodeOptions {
  /**
   * How energies are estimated: without it, the negative ELBO at one sampled code; with K, the tighter bound
   * −log (1/K) Σ p(y, z)/q(z | y) over K samples.
   */
  readonly samples?: number
  /** Of the sampled codes; the model's seed by default. */
  readonly seed?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { done: number; total: number; seconds: number }) => void
}

const encodeOptions: OptionNames<VariationalEncodeOptions & { batchSize?: number }> = {
  samples: true,
  seed: true,
  signal: true,
  onProgress: true,
  batchSize: true,
}

/** Codes of observations: the centres of their balls, and how large the balls are. */
export interface VariationalInference extends Inference {
  /** z̄ and σ, [n, k] each; `codes` are z̄ too. */
  readonly means: Tensor
  readonly deviations: Tensor
}

/** Codes of one batch of a stream. */
export type VariationalBatch = CodedBatch<VariationalInference, { readonly x?: Tensor }>

/** A learned variational auto-encoder. */
export interface VariationalModel extends Model<LatentVariableData, VariationalEncodeOptions, { readonly x?: Tensor }> {
  readonly kind: typeof variationalName
  readonly settings: VariationalSettings
  /** Its networks, strengths and the energy that they make. */
  readonly parts: VariationalParts
  /** By name: `encoder.…`, `decoder.…`, `predictor.…`, `likelihood.logVariance`. */
  readonly parameters: Parameters
  readonly history: readonly VariationalProgress[]
  /** How learning ended. */
  readonly status: LearningStatus
  /** What its graphs run on. */
  readonly runtime: Runtime
  encode(data: LatentVariableData, options?: VariationalEncodeOptions): Promise<VariationalInference>
  /** The same, batch by batch, for streams of any length. */
  encodeBatches(
    data: LatentVariableData,
    options?: VariationalEncodeOptions & { readonly batchSize?: number },
  ): AsyncGenerator<VariationalBatch>
  /** The mean of y under the model at each code, given as codes or as a batch [n, k], and x [n, …] where the model has it. */
  decode(codes: Codes | Tensor, context?: { readonly x?: Tensor }): Promise<Tensor>
  /** Observations as they come back from the centres of their balls. */
  reconstruct(data: LatentVariableData, options?: VariationalEncodeOptions): Promise<Tensor>
  /** The negative ELBO of each observation, or a tighter bound (`samples`), with all strengths at 1; an anomaly score. */
  energy(data: LatentVariableData, options?: VariationalEncodeOptions): Promise<Float64Array>
  /** Reconstruction, KL, ELBO, importance-sampled likelihood (K = 1, 5, 50 by default) and active units. */
  evaluate(
    data: LatentVariableData,
    options?: { readonly samples?: readonly number[]; readonly seed?: number; readonly signal?: AbortSignal },
  ): Promise<Evidence>
  /** Observations decoded from codes drawn from N(0, 1). Where the model has an x, one for all, [1, …], or for each is needed. */
  sample(count: number, options?: { readonly seed?: number; readonly x?: Tensor }): Promise<Tensor>
  /** Finishes a run that learning has begun. */
  saveInto(run: Run): Promise<void>
}

const BATCH = 500
/** Streams of random numbers. */
const SCORES = 3
const SAMPLES = 4
const SAMPLED = [1, 5, 50]

/** A model from its parts. */
export function createVariationalModel(made: {
  readonly parts: VariationalParts
  readonly settings: VariationalSettings
  readonly parameters: Parameters
  readonly runtime: Runtime
  readonly history: readonly VariationalProgress[]
  readonly status: LearningStatus
}): VariationalModel {
  const { parts, settings, parameters, runtime, history, status } = made
  const { energy, latent } = parts
  const programs = new VariationalPrograms(parts, parameters, runtime)

  /** Balls of a batch, with what `samples` codes drawn from each say: rows of log weights, the first sample's reconstruction. */
  async function scored(observed: Observed, samples: number, first: number, seed = settings.seed) {
    checkObserved(energy, observed)
    energy.cost.check?.(observed.y, 'Observations')
    const { mean, deviation, kl } = await programs.encode(observed)
    const [count] = observed.y.shape
    const logWeights = new Float64Array(count * samples)
    const noise = zeros([count, latent])
    let reconstruction = new Float32Array(count)
    for (let sample = 0; sample < samples; sample++) {
      fillNormal(noise, rng(seed, SCORES, first, sample))
      const found = await programs.score({ ...observed, mean, deviation, noise })
      for (let i = 0; i < count; i++) logWeights[i * samples + sample] = found.logWeight.data[i]
      if (sample === 0) reconstruction = found.reconstruction.data.slice()
      await turn()
    }
    return { means: mean, deviations: deviation, kl: kl.data, reconstruction, logWeights }
  }

  const model: VariationalModel = {
    kind: variationalName,
    settings,
    parts,
    parameters,
    history,
    status,
    runtime,

    async *encodeBatches(data, options = {}) {
      checkOptions('encode', options, encodeOptions)
      const { samples, seed, signal, onProgress, batchSize = BATCH } = options
      const drawn = samples === undefined ? 1 : checkedCount('samples', samples)
      const stream = { batchSize, signal, onProgress }
      yield* codedBatches(variationalSource(energy, data), stream, async (observed, _, first) => {
        const { means, deviations, kl, reconstruction, logWeights } = await scored(observed, drawn, first, seed)
        const inference: VariationalInference = {
          codes: fromDense(means),
          means,
          deviations,
          energy:
            samples === undefined
              ? Float64Array.from(kl, (divergence, i) => reconstruction[i] + divergence)
              : importanceSampled(logWeights, drawn, drawn).map((value) => -value),
          steps: new Uint32Array(means.shape[0]),
          status: Array.from(kl, (value) => (Number.isFinite(value) ? 'converged' : 'nonFinite')),
        }
        return { inference, context: observed.x ? { x: observed.x } : {} }
      })
    },

    async encode(data, options = {}) {
      const found: VariationalInference[] = []
      for await (const { inference } of model.encodeBatches(data, options)) found.push(inference)
      return {
        codes: found.length === 0 ? emptyCodes(latent) : concatCodes(found.map(({ codes }) => codes)),
        means: joined(
          found.map(({ means }) => means),
          [latent],
        ),
        deviations: joined(
          found.map(({ deviations }) => deviations),
          [latent],
        ),
        energy: Float64Array.from(found.flatMap(({ energy }) => [...energy])),
        steps: new Uint32Array(found.reduce((count, { steps }) => count + steps.length, 0)),
        status: found.flatMap(({ status }) => status),
      }
    },

    async decode(codes, { x } = {}) {
      const z = denseCodes(codes, latent)
      checkBatch('z', z, [latent])
      checkFinite('z', z)
      const [count] = z.shape
      if (energy.xShape && !x) {
        throw new ConfigurationError('The model explains y from x; pass { x } along with the codes.')
      }
      if (energy.xShape && x) {
        checkBatch('x', x, energy.xShape)
        checkFinite('x', x)
        if (x.shape[0] !== count) {
          throw new ShapeError(`There are ${count} codes and ${x.shape[0]} rows of x; give one x for each code.`)
        }
      }
      const decoded: Tensor[] = []
      for (let begin = 0; begin < count; begin += BATCH) {
        const end = Math.min(begin + BATCH, count)
        const given = energy.xShape && x ? { x: rows(x, begin, end) } : {}
        decoded.push(await programs.decode({ z: rows(z, begin, end), ...given }))
        await turn()
      }
      return joined(decoded, energy.yShape)
    },

    async reconstruct(data, options) {
      const decoded: Tensor[] = []
      for await (const { inference, context } of model.encodeBatches(data, options)) {
        decoded.push(await model.decode(inference.means, context))
      }
      return joined(decoded, energy.yShape)
    },

    energy: async (data, options) => (await model.encode(data, options)).energy,

    async evaluate(data, { samples = SAMPLED, seed, signal } = {}) {
      for (const k of samples) checkedCount('Each number of samples', k)
      const drawn = Math.max(1, ...samples)
      const sums = new EvidenceSums(latent, drawn, samples)
      let first = 0
      for await (const observed of variationalSource(energy, data).batches({ batchSize: BATCH })) {
        if (signal?.aborted) throw new CancelledError(`Measuring was cancelled after ${first} observations.`)
        sums.add(await scored(observed, drawn, first, seed))
        first += observed.y.shape[0]
      }
      return sums.result()
    },

    async sample(count, { seed = settings.seed, x } = {}) {
      const z = zeros([checkedSamples(energy, count), latent])
      fillNormal(z, rng(seed, SAMPLES))
      const spread = x && energy.xShape && x.shape[0] === 1 ? takeRows(x, new Uint32Array(count)) : x
      return model.decode(z, spread ? { x: spread } : {})
    },

    save: (path, options = {}) =>
      saveModel(path, options, { name: variationalName, settings, history, status, saveInto: model.saveInto }),

    async saveInto(run) {
      const pictures = await variationalPictures(model)
      for (const { file, bytes } of pictures) await run.savePicture(file, bytes)
      await run.saveCard(variationalCard(model, pictures))
      await run.saveTensors(stored('parameters', parameters))
    },

    dispose: () => programs.dispose(),
  }
  return model
}

/** Codes as a tensor, checked where they are sparse. */
function denseCodes(codes: Codes | Tensor, latent: number): Tensor {
  const given: unknown = codes // callers without types
  if (typeof given === 'object' && given !== null && 'data' in codes) return codes
  const sparse = codes as Codes // what is none is refused
  checkCodes(sparse, undefined, latent, 'Codes')
  return toDense(sparse)
}

/** Batches one below the other, [n, …shape]. */
function joined(parts: readonly Tensor[], shape: readonly number[]): Tensor {
  const count = parts.reduce((sum, part) => sum + part.shape[0], 0)
  const whole = zeros([count, ...shape])
  let at = 0
  for (const { data } of parts) {
    whole.data.set(data, at)
    at += data.length
  }
  return whole
}
