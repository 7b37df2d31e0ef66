import { type Tensor, takeRows } from '../../tensor/tensor.js'
import type { Status } from '../inference.js'

/** What inference found for rows, one entry each. */
export interface FoundRows {
  /** [n, k] */
  readonly codes: Tensor
  readonly energy: Float64Array
  /** Duality gap or stationarity. */
  readonly certificate: Float64Array
  readonly steps: Uint32Array
  readonly status: Status[]
}

/** Rows of which nothing is known but that they cannot be solved. */
export function unsolved(count: number, size: number): FoundRows {
  return {
    codes: { shape: [count, size], data: new Float32Array(count * size) },
    energy: new Float64Array(count).fill(Number.NaN),
    certificate: new Float64Array(count).fill(Number.NaN),
    steps: new Uint32Array(count),
    status: new Array<Status>(count).fill('nonFinite'),
  }
}

/** Puts row `from` of `source` in place of row `to` of `target`. */
export function replaceRow(target: FoundRows, to: number, source: FoundRows, from: number): void {
  const size = target.codes.shape[1]
  target.codes.data.set(source.codes.data.subarray(from * size, (from + 1) * size), to * size)
  target.energy[to] = source.energy[from]
  target.certificate[to] = source.certificate[from]
  target.steps[to] = source.steps[from]
  target.status[to] = source.status[from]
}

/** Some rows of each batch in a table. */
export function takeInputs<T extends Readonly<Record<string, Tensor | undefined>>>(
  inputs: T,
  rows: readonly number[],
): T {
  const entries = Object.entries(inputs).filter((entry): entry is [string, Tensor] => entry[1] !== undefined)
  return Object.fromEntries(entries.map(([name, batch]) => [name, takeRows(batch, rows)])) as T // the same names as before
}
