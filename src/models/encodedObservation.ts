import type { Inference } from '../inference/inference.js'
import { joinInferences } from '../inference/joinInferences.js'
import type { NamedTensors } from '../preprocess/preprocessor.js'
import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, sizeOf } from '../tensor/tensor.js'

/** The code of one observation. */
export interface EncodedObservation {
  readonly index: number
  /** What a person calls it: an image's file. */
  readonly name?: string
  /** The shape of the observation, and of its maps: [m, h′, w′] or [m, t′]. */
  readonly shape: readonly number[]
  readonly codeShape: readonly number[]
  /** One row. */
  readonly inference: Inference
  /** What the transform took out, for decoding. */
  readonly context: NamedTensors
}

/** Codes of observations of one shape as one batch. Throws {@link ShapeError} where shapes differ, {@link DataError} where there are none. */
export async function joinEncoded(observations: AsyncIterable<EncodedObservation>): Promise<Inference> {
  const found: Inference[] = []
  let first: EncodedObservation | undefined
  for await (const encoded of observations) {
    first ??= encoded
    if (!sameShape(encoded.shape, first.shape)) {
      throw new ShapeError(
        `Observations of ${formatShape(first.shape)} and of ${formatShape(encoded.shape)}${encoded.name ? ` (${encoded.name})` : ''} have codes of different sizes, which no batch holds; code them one at a time with encodeEach.`,
      )
    }
    found.push(encoded.inference)
  }
  if (!first) throw new DataError('There are no observations to code; at least one is needed.')
  return joinInferences(found, sizeOf(first.codeShape))
}
