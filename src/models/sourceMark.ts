import { checksum } from '../artifacts/fingerprint.js'
import type { BatchSource } from './epochLearner.js'

/**
 * What tells data from other data of the same name and shape: a checksum of the numbers of a batch and of how many observations there
 * are. Where batches are drawn from all of the data by a seed, so is the mark.
 */
export function sourceMark<Batch>(source: BatchSource<Batch>, batch: Batch): string {
  const counted = Float64Array.of(source.count ?? -1)
  return checksum([counted, ...arraysOf(source.numbers?.(batch) ?? batch)].map(bytesOf))
}

/** Every typed array of a batch, in the order of their places in it. */
function arraysOf(value: unknown): ArrayBufferView[] {
  if (ArrayBuffer.isView(value)) return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(arraysOf) : []
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
