import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import type { Inference } from '../inference/inference.js'
import { gridPatches } from '../preprocess/gridPatches.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { namedError } from '../tensor/namedError.js'
import { formatShape, sameShape } from '../tensor/tensor.js'
import { isImages, isTensor } from './dataKind.js'
import type { BatchSource } from './epochLearner.js'
import type { InputSettings } from './settingsParts.js'
import type { SparseCodingData } from './sparseCoding.js'

/** Codes of one batch of a stream, with what decoding needs besides. */
export interface CodedBatch<Found extends Inference, Context> {
  /** Row of the first observation in the whole stream. */
  readonly first: number
  readonly inference: Found
  readonly context: Context
}

export interface StreamOptions {
  readonly batchSize: number
  readonly seconds?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { done: number; total: number; seconds: number }) => void) | undefined
}

/**
 * Codes of a stream, batch by batch: `code` is given a batch, the seconds that are left of all where they are bounded, and the row at
 * which it begins. Throws CancelledError where the signal has fired.
 */
export async function* codedBatches<Batch, Found extends Inference, Context>(
  source: BatchSource<Batch>,
  { batchSize, seconds, signal, onProgress }: StreamOptions,
  code: (
    batch: Batch,
    left: { readonly seconds?: number },
    first: number,
  ) => Promise<{ readonly inference: Found; readonly context: Context }>,
): AsyncGenerator<CodedBatch<Found, Context>> {
  const started = performance.now()
  const spent = () => (performance.now() - started) / 1000
  let first = 0
  for await (const batch of source.batches({ batchSize, ...(signal ? { signal } : {}) })) {
    if (signal?.aborted) throw new CancelledError(`Encoding was cancelled after ${first} observations.`)
    const left = seconds === undefined ? {} : { seconds: Math.max(0, seconds - spent()) }
    const { inference, context } = await code(batch, left, first).catch((error: unknown) => {
      throw error instanceof DataError ? namedError(error, source.name) : error
    })
    yield { first, inference, context }
    first += inference.status.length
    onProgress?.({ done: first, total: source.count ?? first, seconds: spent() })
  }
}

/**
 * The observations that a model with an input of this kind codes: those given, or the grid patches of images. Throws
 * {@link ConfigurationError} for images where the model codes observations.
 */
export function observationsToCode(
  data: SparseCodingData,
  input: InputSettings,
  shape: readonly number[],
): Observations {
  if (!isImages(data)) return isTensor(data) ? fromTensor(data) : data
  if (input.kind !== 'images') {
    throw new ConfigurationError(
      `${data.name} holds images, but this model codes observations of ${formatShape(shape)}; give observations of that shape.`,
    )
  }
  const [height, width] = input.patch
  return gridPatches(data, { size: [height, width], transform: restoreImageStep(input.transform) })
}

/** Throws {@link ShapeError} unless observations have the shape that the model codes. */
export function checkCodable(name: string, given: readonly number[], shape: readonly number[]): void {
  if (!sameShape(given, shape)) {
    throw new ShapeError(
      `${name} holds observations of ${formatShape(given)}, but this model codes ${formatShape(shape)}; give a batch [${['n', ...shape].join(', ')}].`,
    )
  }
}
