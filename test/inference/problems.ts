import { type Rng, rng } from '../../src/tensor/random.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'

/** Numbers of the normal distribution in a batch [rows, columns], times `scale`. */
export function normalBatch(random: Rng, rows: number, columns: number, scale = 1): Tensor {
  return tensor(
    [rows, columns],
    Float32Array.from({ length: rows * columns }, () => scale * random.normal()),
  )
}

/** A batch whose rows are changed in place by `change`. */
function eachRow(batch: Tensor, change: (row: Float32Array, index: number, all: Tensor) => void): Tensor {
  const [count] = batch.shape
  const size = batch.data.length / count
  for (let j = 0; j < count; j++) change(batch.data.subarray(j * size, (j + 1) * size), j, batch)
  return batch
}

const unit = (row: Float32Array) => {
  const length = Math.hypot(...row)
  if (length > 0) for (let p = 0; p < row.length; p++) row[p] /= length
}

const rowAt = (batch: Tensor, j: number) => {
  const size = batch.data.length / batch.shape[0]
  return batch.data.subarray(j * size, (j + 1) * size)
}

/** Dictionaries, well and badly behaved, by name. */
export const dictionaries: Record<string, (random: Rng, k: number, m: number) => Tensor> = {
  unit: (random, k, m) => eachRow(normalBatch(random, k, m), unit),
  positive: (random, k, m) =>
    eachRow(normalBatch(random, k, m), (row) => {
      for (let p = 0; p < row.length; p++) row[p] = Math.abs(row[p])
      unit(row)
    }),
  duplicates: (random, k, m) =>
    eachRow(normalBatch(random, k, m), (row, j, all) => {
      if (j % 3 === 2) row.set(rowAt(all, j - 1))
      else unit(row)
    }),
  opposites: (random, k, m) =>
    eachRow(normalBatch(random, k, m), (row, j, all) => {
      if (j % 2 === 1) row.set(rowAt(all, j - 1).map((value) => -value))
      else unit(row)
    }),
  zeros: (random, k, m) => eachRow(normalBatch(random, k, m), (row, j) => (j % 3 === 1 ? row.fill(0) : unit(row))),
  multiples: (random, k, m) =>
    eachRow(normalBatch(random, k, m), (row, j, all) => {
      if (j % 3 === 2) row.set(rowAt(all, j - 1).map((value) => 0.5 * value))
      else unit(row)
    }),
  nearlyCollinear: (random, k, m) =>
    eachRow(normalBatch(random, k, m), (row, j, all) => {
      if (j % 2 === 1) row.set(rowAt(all, j - 1).map((value, p) => value + 1e-4 * row[p]))
      else unit(row)
    }),
  planar: (random, k, m) => {
    const basis = normalBatch(random, 2, m)
    return eachRow(normalBatch(random, k, m), (row) => {
      const [a, b] = [random.normal(), random.normal()]
      for (let p = 0; p < m; p++) row[p] = a * basis.data[p] + b * basis.data[m + p]
      unit(row)
    })
  },
  unequalNorms: (random, k, m) =>
    eachRow(normalBatch(random, k, m), (row, j) => {
      unit(row)
      for (let p = 0; p < m; p++) row[p] *= 10 ** ((j % 7) - 3)
    }),
}

/** Shapes [k, m] around the widths of the kernels. */
export const shapes: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 9],
  [6, 1],
  [3, 4],
  [8, 5],
  [15, 8],
  [16, 17],
  [17, 24],
  [33, 12],
  [49, 31],
]

/** Observations: dense, sparse, made of the atoms, and zero, in turn. */
export function mixedObservations(random: Rng, atoms: Tensor, rows: number, scale = 1): Tensor {
  const m = atoms.data.length / atoms.shape[0]
  return eachRow(normalBatch(random, rows, m), (row, i) => {
    if (i % 5 === 1) for (let p = 0; p < m; p++) if (random.uniform() < 0.8) row[p] = 0
    if (i % 5 === 2 || i % 5 === 3) {
      if (i % 5 === 2) row.fill(0)
      else for (let p = 0; p < m; p++) row[p] *= 0.05
      for (let times = 0; times < 3; times++) {
        const atom = rowAt(atoms, random.integer(atoms.shape[0]))
        const value = random.normal()
        for (let p = 0; p < m; p++) row[p] += value * atom[p]
      }
    }
    if (i % 5 === 4 && i > 4) row.fill(0)
    for (let p = 0; p < m; p++) row[p] *= scale
  })
}

export { rng }
