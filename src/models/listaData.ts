import { fromTensor } from '../data/fromTensor.js'
import type { Observations } from '../data/observations.js'
import type { Codes } from '../inference/codes.js'
import { preprocessed } from '../preprocess/preprocessed.js'
import type { FittedStep } from '../preprocess/preprocessor.js'
import { type Tensor, takeRows } from '../tensor/tensor.js'
import type { BatchSource } from './epochLearner.js'

/** A batch to learn from; `rows` are the places of its observations where the data lies in memory. */
export interface LearningBatch {
  readonly y: Tensor
  readonly rows?: Float32Array
}

/** What learning walks through. */
export type LearningSource = BatchSource<LearningBatch>

/** Places are told by single-precision numbers, which are whole up to here. */
const MOST_ROWS = 2 ** 24

/** Observations with their preprocessing; those in memory (`batch`) are preprocessed once, and come with their places. */
export function learningSource(
  observations: Observations,
  step: FittedStep,
  batch: Tensor | undefined,
): LearningSource {
  const { name, count } = observations
  if (!batch || batch.shape[0] > MOST_ROWS) {
    const source = preprocessed(observations, step)
    return {
      name,
      count,
      async *batches(pass) {
        for await (const y of source.batches(pass)) yield { y }
      },
    }
  }
  const { output } = step.apply(batch)
  const places = fromTensor({
    shape: [batch.shape[0], 1],
    data: Float32Array.from({ length: batch.shape[0] }, (_, i) => i),
  })
  return {
    name,
    count,
    numbers: ({ y }) => y,
    async *batches(pass) {
      for await (const { data } of places.batches(pass)) yield { y: takeRows(output, data), rows: data }
    },
  }
}

/** Codes of observations in memory, found once. */
export class CodeCache {
  private readonly found = new Map<number, readonly [codes: Codes, row: number]>()

  constructor(private readonly solve: (y: Tensor) => Promise<Codes>) {}

  /** Codes of a batch, laid into `out` [n, k]. Those of streams are found anew each time. */
  async codes({ y, rows }: LearningBatch, out: Float32Array): Promise<void> {
    out.fill(0)
    if (!rows) {
      const codes = await this.solve(y)
      for (let i = 0; i < codes.shape[0]; i++) layRow(codes, i, out, i)
      return
    }
    const missing = [...rows.keys()].filter((i) => !this.found.has(rows[i]))
    if (missing.length > 0) {
      const codes = await this.solve(missing.length === rows.length ? y : takeRows(y, missing))
      for (const [at, i] of missing.entries()) this.found.set(rows[i], [codes, at])
    }
    for (let i = 0; i < rows.length; i++) {
      const known = this.found.get(rows[i])
      if (known) layRow(known[0], known[1], out, i)
    }
  }
}

function layRow({ shape, indptr, indices, values }: Codes, row: number, out: Float32Array, to: number): void {
  const start = to * shape[1]
  for (let at = indptr[row]; at < indptr[row + 1]; at++) out[start + indices[at]] = values[at]
}
