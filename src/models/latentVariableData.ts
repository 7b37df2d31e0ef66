import { checkData } from '../data/checkData.js'
import { fromTensor } from '../data/fromTensor.js'
import type { Observations, Pass } from '../data/observations.js'
import type { LatentVariableEnergy } from '../energy/latentVariableEnergy.js'
import { checkObserved, type Observed } from '../inference/graph/observed.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, sizeOf, type Tensor } from '../tensor/tensor.js'

/** Observations that are cut in two: what comes first along an axis is x, the rest is y. */
export interface SplitObservations {
  readonly observations: Observations
  /** Counted without the batch; 0, the rows of a picture, by default. */
  readonly axis?: number
  /** Where y begins. */
  readonly at: number
}

/** What a latent-variable model learns from and codes: y alone, pairs of x and y, or observations that are cut into both. */
export type LatentVariableData = Tensor | Observations | Observed | SplitObservations

/** Pairs in batches. */
export interface PairSource {
  readonly name: string
  readonly count: number | undefined
  batches(pass: Pass): AsyncIterable<Observed>
}

/** Data as pairs that fit an energy. Throws {@link ShapeError} or {@link ConfigurationError} where they do not. */
export function pairSource(energy: LatentVariableEnergy, data: LatentVariableData): PairSource {
  checkData(data, 'pairs')
  if ('data' in data) return pairSource(energy, { y: data })
  if ('y' in data) return pairsInMemory(energy, data)
  if ('observations' in data) return cutPairs(energy, data)
  if (energy.xShape) {
    throw new ConfigurationError(
      `The energy explains y from x, and ${data.name} holds y alone; pass { x, y }, or { observations, at } to cut one into both.`,
    )
  }
  checkShape(data.name, 'y', data.shape, energy.yShape)
  return {
    name: data.name,
    count: data.count,
    async *batches(pass) {
      for await (const y of data.batches(pass)) yield { y }
    },
  }
}

/** Pairs whose rows are laid side by side, so that one order holds for both. */
function pairsInMemory(energy: LatentVariableEnergy, { x, y }: Observed): PairSource {
  const count = checkObserved(energy, x ? { x, y } : { y })
  const [xShape, yShape] = [x?.shape.slice(1) ?? [], y.shape.slice(1)]
  const before = x ? sizeOf(xShape) : 0
  const width = before + sizeOf(yShape)
  const joined = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    if (x) joined.set(x.data.subarray(i * before, (i + 1) * before), i * width)
    joined.set(y.data.subarray(i * (width - before), (i + 1) * (width - before)), i * width + before)
  }
  const source = fromTensor({ shape: [count, width], data: joined })
  return {
    name: source.name,
    count,
    async *batches(pass) {
      for await (const batch of source.batches(pass)) {
        const { first, second } = cut(batch, 0, before)
        const rows = batch.shape[0]
        const own = { y: { shape: [rows, ...yShape], data: second.data } }
        yield x ? { x: { shape: [rows, ...xShape], data: first.data }, ...own } : own
      }
    },
  }
}

function cutPairs(energy: LatentVariableEnergy, { observations, axis = 0, at }: SplitObservations): PairSource {
  const { name, shape, count } = observations
  if (!(Number.isInteger(axis) && axis >= 0 && axis < shape.length)) {
    throw new ConfigurationError(
      `axis must be from 0 to ${shape.length - 1} for observations of ${formatShape(shape)}; got ${axis}.`,
    )
  }
  if (!(Number.isInteger(at) && at >= 1 && at < shape[axis])) {
    throw new ConfigurationError(
      `${name} holds observations of ${formatShape(shape)}; cut axis ${axis} from 1 to ${shape[axis] - 1}, not at ${at}.`,
    )
  }
  if (!energy.xShape) throw new ConfigurationError('The energy has no x for what is cut off; state its shape.')
  checkShape(name, 'x', shape.with(axis, at), energy.xShape)
  checkShape(name, 'y', shape.with(axis, shape[axis] - at), energy.yShape)
  return {
    name,
    count,
    async *batches(pass) {
      for await (const batch of observations.batches(pass)) {
        const { first, second } = cut(batch, axis, at)
        yield { x: first, y: second }
      }
    },
  }
}

/** A batch cut along an axis of its observations. */
function cut(batch: Tensor, axis: number, at: number): { readonly first: Tensor; readonly second: Tensor } {
  const size = batch.shape[axis + 1]
  const inner = sizeOf(batch.shape.slice(axis + 2))
  const outer = batch.data.length / (size * inner)
  const part = (from: number, to: number): Tensor => {
    const width = (to - from) * inner
    const data = new Float32Array(outer * width)
    for (let i = 0; i < outer; i++) {
      const start = (i * size + from) * inner
      data.set(batch.data.subarray(start, start + width), i * width)
    }
    return { shape: batch.shape.with(axis + 1, to - from), data }
  }
  return { first: part(0, at), second: part(at, size) }
}

function checkShape(source: string, name: string, shape: readonly number[], wanted: readonly number[]): void {
  if (!sameShape(shape, wanted)) {
    throw new ShapeError(
      `${source} gives ${name} of ${formatShape(shape)}, and the energy has ${name} of ${formatShape(wanted)}; make the two alike.`,
    )
  }
}
