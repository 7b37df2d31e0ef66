import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import { tensorReference } from '../artifacts/validate.js'
import type { MapEncoder } from '../energy/mapEncoders/mapEncoder.js'
import { type Parameters, prefixed, type SymParameters, scoped } from '../energy/module.js'
import {
  abs,
  add,
  batchSize,
  cast,
  div,
  greater,
  maximum,
  mean,
  mul,
  type Sym,
  sign,
  sqrt,
  square,
  stopGradient,
  sum,
  sumPerObservation,
  where,
} from '../graph/index.js'
import { lipschitzBound } from '../inference/convolutional/lipschitz.js'
import { coverage, coveredCodes, coveredTerms } from '../inference/graph/convolutionalInference.js'
import { type GradientTraining, gradientTraining } from '../learning/gradientTraining.js'
import type { Optimizer } from '../learning/optimizers/optimizer.js'
import type { Runtime } from '../runtime/runtime.js'
import { rng } from '../tensor/random.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import type { ConvolutionalBatch } from './convolutionalSource.js'
import type { EpochStep } from './epochLearner.js'
import type { EpochState } from './epochProgress.js'
import { GraphLearner } from './graphLearner.js'
import { channelsLast, planar } from './planarImages.js'

/** What a learner is made from. */
export interface AutoEncoderLearnerParts {
  readonly encoder: MapEncoder
  readonly lambda: number
  readonly beta: number
  readonly encoderInInference: boolean
  readonly inferenceSteps: number
  /** Height and width of the crops. */
  readonly crop: readonly number[]
  readonly optimizer: Optimizer
  readonly deadAfter: number
  readonly seed: number
  /** [m, kh, kw] or [m, kh, kw, c]; noise where there are none. */
  readonly firstKernels: Tensor | undefined
  readonly runtime: Runtime
}

export const autoEncoderTerms = ['cost', 'regularizer', 'encoder', 'active', 'activeShare'] as const
export type AutoEncoderTerm = (typeof autoEncoderTerms)[number]

const TINY = 1e-12
/** Streams of random numbers: first kernels, and windows where kernels begin anew. */
const FIRST = 1
const ANEW = 2
/** Steps between two looks for kernels without use. */
const LOOK = 25

/**
 * Learns kernels and encoder together: a step is one run of one graph, which finds the codes of the batch by FISTA from the encoder's
 * guess, takes the gradient of the energy at them with respect to kernels and encoder, moves both, and brings kernels back to norm 1. Owns a
 * session until disposed.
 */
export class AutoEncoderLearner extends GraphLearner<ConvolutionalBatch, AutoEncoderTerm> {
  private replaced = 0

  private constructor(
    private readonly parts: AutoEncoderLearnerParts,
    training: GradientTraining,
  ) {
    super(training)
  }

  static async start(parts: AutoEncoderLearnerParts): Promise<AutoEncoderLearner> {
    const { optimizer, runtime, crop, encoder } = parts
    const kernels = unitNorm(parts.firstKernels ? planar(parts.firstKernels) : noise(parts))
    return new AutoEncoderLearner(
      parts,
      await gradientTraining({
        parameters: {
          kernels,
          ...prefixed(startOf(parts, kernels), 'encoder'),
          idle: { shape: [encoder.maps], data: new Float32Array(encoder.maps) },
        },
        inputs: { y: ['n', encoder.channels, ...crop] },
        ...autoEncoderProblem(parts),
        optimizer,
        runtime,
      }),
    )
  }

  /** Kernels that began anew. */
  get deadReplaced(): number {
    return this.replaced
  }

  /** D, [m, c, kh, kw]. */
  kernels(): Tensor {
    return this.training.parameters().kernels
  }

  override parameters(): Parameters {
    return scoped(this.training.parameters(), 'encoder')
  }

  async learn(batch: ConvolutionalBatch): Promise<EpochStep<AutoEncoderTerm>> {
    const y = stacked(batch)
    const { status, loss, metrics } = await this.training.step({ y })
    if (status === 'ok' && this.steps % LOOK === 0) this.reviveDead(y)
    const { cost, regularizer, encoder, active } = metrics
    const activeShare = active / this.coefficients
    return { status, rows: y.shape[0], energy: loss, terms: { cost, regularizer, encoder, active, activeShare } }
  }

  /** The mean energy of a batch as it stands. */
  async evaluate(batch: ConvolutionalBatch): Promise<number> {
    return (await this.training.evaluate({ y: stacked(batch) })).loss
  }

  private get coefficients(): number {
    const { encoder, crop } = this.parts
    return encoder.maps * (crop[0] - encoder.height + 1) * (crop[1] - encoder.width + 1)
  }

  /** Kernels that no code of `deadAfter` crops used become windows of the batch at random, their part of the encoder what it was at first. */
  private reviveDead(y: Tensor): void {
    const { deadAfter, encoder, seed } = this.parts
    const { idle } = this.training.parameters()
    const dead = [...idle.data.keys()].filter((map) => idle.data[map] >= deadAfter)
    if (dead.length === 0) return
    const { parameters, optimizer, steps } = this.training.state()
    const { kernels } = parameters
    const random = rng(seed, ANEW, steps)
    for (const map of dead) layWindow(y, random, kernels, map)
    const fresh = prefixed(startOf(this.parts, unitNorm(kernels)), 'encoder')
    for (const map of dead) {
      for (const [name, { shape, data }] of Object.entries(fresh)) {
        const width = sizeOf(shape) / encoder.maps
        parameters[name].data.set(data.subarray(map * width, (map + 1) * width), map * width)
      }
      parameters.idle.data[map] = 0
      // What the optimizer remembers of the old kernel says nothing of the new one.
      for (const { shape, data } of Object.values(optimizer)) {
        const width = sizeOf(shape) / encoder.maps
        data.fill(0, map * width, (map + 1) * width)
      }
    }
    this.training.restore({ parameters, optimizer, steps })
    this.replaced += dead.length
  }

  override state(): Record<string, StoredTensor> {
    return { ...super.state(), replaced: storedTensor(Float64Array.of(this.replaced)) }
  }

  override restore(tensors: Readonly<Record<string, StoredTensor>>, state: EpochState<unknown>, file: string): void {
    const [replaced] = tensorReference(tensors, { dtype: 'F64', shape: [1] })('replaced', file).data
    super.restore(tensors, state, file)
    this.replaced = replaced
  }
}

/**
 * The energy of a batch at its inferred codes as a training problem's loss, and what keeps parameters where they must be: norm 1,
 * thresholds ≥ 0, and `idle`, for each kernel the crops since it was last used.
 */
export function autoEncoderProblem(
  parts: Pick<
    AutoEncoderLearnerParts,
    'encoder' | 'lambda' | 'beta' | 'encoderInInference' | 'inferenceSteps' | 'crop'
  >,
) {
  const { encoder, lambda, beta, encoderInInference, inferenceSteps, crop } = parts
  const weights = coverage(crop, [encoder.height, encoder.width])
  let used: Sym | undefined
  let rows: Sym | undefined
  return {
    loss(parameters: SymParameters, { y }: SymParameters) {
      const guess = encoder.apply(scoped(parameters, 'encoder'), y)
      const kernels = stopGradient(parameters.kernels)
      const start = stopGradient(guess)
      const energy = { lambda, beta, weights }
      const inferred = { ...energy, beta: encoderInInference ? beta : 0 }
      const z = stopGradient(coveredCodes(inferred, kernels, { y, guess: start, start }, inferenceSteps))
      const terms = coveredTerms(energy, parameters.kernels, { y, z, guess })
      const each = sum(abs(sign(z)), [0, 2, 3])
      used = each
      rows = cast(batchSize(y), 'float32')
      const metrics = {
        cost: mean(terms.cost),
        regularizer: mean(terms.regularizer),
        encoder: mean(terms.encoder ?? sumPerObservation(mul(guess, 0))),
        active: div(sum(each), rows),
      }
      return { loss: add(add(metrics.cost, metrics.regularizer), metrics.encoder), metrics }
    },
    constrain(parameters: SymParameters): SymParameters {
      const { kernels, idle } = parameters
      const norm = maximum(sqrt(sum(square(kernels), [1, 2, 3], true)), TINY)
      return {
        kernels: div(kernels, norm),
        ...prefixed(encoder.constrain(scoped(parameters, 'encoder')), 'encoder'),
        // The loss is built before; both are of one graph.
        ...(used && rows ? { idle: where(greater(used, 0), mul(idle, 0), add(idle, rows)) } : {}),
      }
    },
  }
}

/** Crops one below the other, [n, c, h, w]. */
function stacked({ items }: ConvolutionalBatch): Tensor {
  const [{ observation }] = items
  const size = observation.data.length
  const data = new Float32Array(items.length * size)
  for (const [i, item] of items.entries()) data.set(item.observation.data, i * size)
  return planar({ shape: [items.length, ...observation.shape], data })
}

function startOf(
  { encoder, lambda }: Pick<AutoEncoderLearnerParts, 'encoder' | 'lambda'>,
  kernels: Tensor,
): Parameters {
  const { maps: count, height, width, channels } = encoder
  const geometry = { spatial: 2 as const, count, height, width, channels, channelled: true }
  return encoder.start(kernels, lambda, lipschitzBound(channelsLast(kernels, true).data, geometry))
}

/** Of the envelope of first kernels, as a share of a kernel's height and width. */
const ENVELOPE = 0.2

/** Noise under a Gaussian envelope: kernels begin in their middle, from where little drives them away. */
function noise({ encoder, seed }: AutoEncoderLearnerParts): Tensor {
  const { maps, channels, height, width } = encoder
  const random = rng(seed, FIRST)
  const data = new Float32Array(maps * channels * height * width)
  for (let at = 0; at < data.length; at++) {
    const x = ((at % width) - (width - 1) / 2) / (ENVELOPE * width)
    const y = ((Math.floor(at / width) % height) - (height - 1) / 2) / (ENVELOPE * height)
    data[at] = random.normal() * Math.exp(-(x * x + y * y) / 2)
  }
  return { shape: [maps, channels, height, width], data }
}

/** Each kernel at norm 1, in place. */
function unitNorm(kernels: Tensor): Tensor {
  const { shape, data } = kernels
  const size = sizeOf(shape.slice(1))
  for (let from = 0; from < data.length; from += size) {
    const kernel = data.subarray(from, from + size)
    const norm = Math.sqrt(kernel.reduce((total, value) => total + value * value, 0))
    if (norm > 0) for (let p = 0; p < size; p++) kernel[p] /= norm
  }
  return kernels
}

/** Lays a random window of a batch [n, c, h, w] into kernel `map`. */
function layWindow(y: Tensor, random: ReturnType<typeof rng>, kernels: Tensor, map: number): void {
  const [count, channels, rows, columns] = y.shape
  const [, , height, width] = kernels.shape
  const crop = random.integer(count)
  const top = random.integer(rows - height + 1)
  const left = random.integer(columns - width + 1)
  let to = map * channels * height * width
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++) {
      const from = ((crop * channels + c) * rows + top + i) * columns + left
      kernels.data.set(y.data.subarray(from, from + width), to)
      to += width
    }
  }
}
