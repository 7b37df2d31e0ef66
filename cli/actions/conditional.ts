import {
  ConfigurationError,
  formatShape,
  fromTensor,
  type Images,
  type Observations,
  sizeOf,
  type Tensor,
} from '../../src/index.js'

/** Shapes of one x and one y; no x where the model has none. */
export interface Shapes {
  readonly x?: readonly number[]
  readonly y: readonly number[]
}

/** Observations of x and y together, which are cut into both. */
export interface SplitData {
  readonly observations: Observations
  readonly axis: number
  readonly at: number
}

/**
 * Data as a model with these shapes takes it: as it is, or cut where x ends and y begins. Throws ConfigurationError for data that is
 * neither.
 */
export function pairsOf(data: Observations | Images | Tensor, { x, y }: Shapes): Observations | SplitData {
  const observations = observed(data)
  if (x === undefined) return observations
  const axis = axisOf(observations.shape, { x, y })
  if (axis === undefined) {
    throw new ConfigurationError(
      `${observations.name} holds observations of ${formatShape(observations.shape)}, which cannot be cut into x of ${formatShape(x)} and y of ${formatShape(y)}; give observations that hold both, x first.`,
    )
  }
  return { observations, axis, at: x[axis] }
}

/** The axis along which x and y together make up a shape. */
function axisOf(
  shape: readonly number[],
  { x, y }: { x: readonly number[]; y: readonly number[] },
): number | undefined {
  if (x.length !== shape.length || y.length !== shape.length) return undefined
  const found = shape.findIndex((size, axis) =>
    shape.every((other, i) => (i === axis ? x[i] + y[i] === size : x[i] === other && y[i] === other)),
  )
  return found === -1 ? undefined : found
}

/** Observations cut at row `at`; throws ConfigurationError where there is no such row inside of them. */
export function cutAt(data: Observations | Images | Tensor, at: number): SplitData {
  const observations = observed(data)
  const [rows] = observations.shape
  if (at < rows) return { observations, axis: 0, at }
  throw new ConfigurationError(
    `${observations.name} holds observations of ${formatShape(observations.shape)}; --cut must leave some of their ${rows} ${observations.shape.length === 1 ? 'numbers' : 'rows'} for y, and ${at} leaves none.`,
  )
}

/** The x of each observation [n, …x]: the batch itself where it has that shape, and else what is cut off its beginning. */
export function conditionOf(batch: Tensor, name: string, shapes: Required<Shapes>): Tensor {
  const { x } = shapes
  const shape = batch.shape.slice(1)
  if (shape.join() === x.join()) return batch
  const axis = axisOf(shape, shapes)
  if (axis === undefined) {
    throw new ConfigurationError(
      `${name} holds observations of ${formatShape(shape)}; an x of ${formatShape(x)} is needed, alone or before a y of ${formatShape(shapes.y)}.`,
    )
  }
  const inner = sizeOf(shape.slice(axis + 1))
  const kept = x[axis] * inner
  const width = shape[axis] * inner
  const outer = batch.data.length / width
  const data = new Float32Array(outer * kept)
  for (let i = 0; i < outer; i++) data.set(batch.data.subarray(i * width, i * width + kept), i * kept)
  return { shape: [batch.shape[0], ...x], data }
}

/** Observations; whole images have become such before a model without patches sees them. */
export function observed(data: Observations | Images | Tensor): Observations {
  if ('data' in data) return fromTensor(data)
  if ('image' in data) throw new ConfigurationError(`${data.name} holds images; give observations.`)
  return data
}
