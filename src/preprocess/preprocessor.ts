import type { Images, Observations } from '../data/observations.js'
import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'

/** What a config file can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A step as it stands in `config.json`: its kind and its options. */
export interface StepConfig {
  readonly kind: string
  readonly [option: string]: Json
}

/** Tensors by name: what a step has learned (saved with the model), or what it took out of a batch. */
export type NamedTensors = Readonly<Record<string, Tensor>>

/** A result, and what was removed on the way to it. */
export interface Applied {
  readonly output: Tensor
  /**
   * What was removed from each observation (its mean, its scale), one row an observation. `invert` takes it back; without it
   * `invert` assumes mean 0 and scale 1. Empty where nothing of one observation's own was removed.
   */
  readonly context: NamedTensors
}

/** A step ready for use: apply ∘ invert is the identity up to rounding and up to the floors that a step states. */
interface Ready {
  readonly config: StepConfig
  /** What was learned from data, by name. Restoring from `config` and `tensors` gives the same bits. */
  readonly tensors: NamedTensors
  /** Never changes its input. Throws {@link ShapeError} on a shape that does not fit. */
  apply(input: Tensor): Applied
  /** Undoes `apply`, given its context. Never changes its inputs. */
  invert(output: Tensor, context?: NamedTensors): Tensor
}

/**
 * A step on whole images [h, w] or [h, w, c] of any size, before patches are cut. It is a formula of one image and learns
 * nothing, so it is ready as it is.
 */
export interface ImageStep extends Ready {
  readonly on: 'images'
  fit(images: Images): Promise<ImageStep>
}

/** How a step walks through the data that it learns from. */
export interface FitOptions {
  /** Observations a batch; 1,000 by default. */
  readonly batchSize?: number
  /** Learns from the first this many observations; from all of one pass by default. */
  readonly limit?: number
  /** Shuffles the pass: worth setting beside `limit` where the stored order is not random. */
  readonly seed?: number
  readonly signal?: AbortSignal
}

/** A step on observations (batches [n, …shape]), after patches are cut. `fit` learns from one pass of a stream. */
export interface ObservationStep {
  readonly on: 'observations'
  readonly kind: string
  /** Throws {@link DataError} where there are no observations to learn from. */
  fit(observations: Observations, options?: FitOptions): Promise<FittedStep>
}

/** An observation step that has learned what it needs. */
export interface FittedStep extends Ready {
  readonly on: 'observations'
  /** The shape of one observation, where the step is tied to it. */
  readonly shape: readonly number[] | undefined
}

/** An observation step with nothing to learn: ready as it is, and its `fit` reads no data. */
export type FixedStep = ObservationStep & FittedStep

/** The observations of a fit, batch by batch, cut at `limit`. Throws {@link DataError} where there are none. */
export async function* fitBatches(observations: Observations, options: FitOptions = {}): AsyncGenerator<Tensor> {
  const { batchSize = 1000, limit = Number.POSITIVE_INFINITY, seed, signal } = options
  let seen = 0
  const pass = { batchSize, ...(seed === undefined ? {} : { seed }), ...(signal === undefined ? {} : { signal }) }
  for await (const batch of observations.batches(pass)) {
    requireShape(batch, observations.shape, `a batch of ${observations.name}`)
    const count = Math.min(batch.shape[0], limit - seen)
    if (count > 0) {
      const size = (batch.data.length / batch.shape[0]) * count
      yield { shape: [count, ...observations.shape], data: batch.data.subarray(0, size) }
    }
    seen += count
    if (seen >= limit) break
  }
  if (seen === 0) {
    throw new DataError(`${observations.name} holds no observations; preprocessing needs at least one to learn from.`)
  }
}

/** Throws {@link ShapeError} unless `batch` is [n, …shape]. */
export function requireShape(batch: Tensor, shape: readonly number[], what: string): void {
  if (!sameShape(batch.shape.slice(1), shape)) {
    throw new ShapeError(
      `Observations of ${formatShape(shape)} were expected, but ${what} is ${formatShape(batch.shape)} ` +
        `(the first size counts observations). Use data of the shape that the step was fitted on.`,
    )
  }
}

/** Throws {@link ShapeError} unless the tensor has at least `axes` axes: a batch has 1, an image 2. */
export function requireAxes(input: Tensor, axes: number, what: string): void {
  if (input.shape.length < axes) {
    throw new ShapeError(`${what} needs a tensor with ${axes} or more axes; got the shape ${formatShape(input.shape)}.`)
  }
}

/** Height, width and channels of an image [h, w] or [h, w, c]. Throws {@link ShapeError} on any other shape. */
export function imageSize(image: Tensor): { height: number; width: number; channels: number } {
  if (image.shape.length !== 2 && image.shape.length !== 3) {
    throw new ShapeError(`An image is [height, width] or [height, width, channels]; got ${formatShape(image.shape)}.`)
  }
  const [height, width, channels = 1] = image.shape
  return { height, width, channels }
}

/** A tensor of a context, checked: absent is fine, another shape is a {@link ShapeError}. */
export function fromContext(
  context: NamedTensors | undefined,
  name: string,
  shape: readonly number[],
): Tensor | undefined {
  const found = context?.[name]
  if (found !== undefined && !sameShape(found.shape, shape)) {
    throw new ShapeError(
      `The context's "${name}" is ${formatShape(found.shape)}, but these observations need ${formatShape(shape)}. ` +
        `Give the context that apply returned for the same batch.`,
    )
  }
  return found
}
