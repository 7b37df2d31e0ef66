import { ShapeError } from '../tensor/errors.js'

/** A size; 'n' is the one batch dimension that may stay open. */
export type Dimension = number | 'n'

/** Whether a shape has an open dimension. */
export const isOpen = (shape: readonly Dimension[]): boolean => shape.includes('n')

/** A shape as people write it: n×28×28. */
export const formatDimensions = (shape: readonly Dimension[]): string =>
  shape.length === 0 ? 'scalar' : shape.join('×')

/** Whether two shapes are the same. */
export const sameDimensions = (a: readonly Dimension[], b: readonly Dimension[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis])

/** Checks that sizes are whole numbers ≥ 1 or 'n'. Throws {@link ShapeError}. */
export function checkedDimensions(what: string, shape: readonly Dimension[]): readonly Dimension[] {
  if (!Array.isArray(shape) || !shape.every((size) => size === 'n' || (Number.isSafeInteger(size) && size >= 1))) {
    throw new ShapeError(
      `${what}: every size must be a whole number, 1 or more, or 'n' for the open batch; got [${String(shape)}].`,
    )
  }
  return [...shape]
}

/** The product of the sizes that are known. */
export const knownSize = (shape: readonly Dimension[]): number =>
  shape.reduce<number>((product, size) => (size === 'n' ? product : product * size), 1)

/** The shape of two that broadcast as in NumPy; undefined where they do not. An open dimension broadcasts with itself and with 1. */
export function broadcast(a: readonly Dimension[], b: readonly Dimension[]): readonly Dimension[] | undefined {
  const rank = Math.max(a.length, b.length)
  const shape: Dimension[] = []
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1) return undefined
    shape.push(left === 1 ? right : left)
  }
  return shape
}

/** An axis counted from the front; −1 is the last. Throws {@link ShapeError} outside of the rank. */
export function checkedAxis(operation: string, axis: number, shape: readonly Dimension[]): number {
  const rank = shape.length
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(
      `${operation}: axis ${axis} does not exist; the tensor has the shape [${formatDimensions(shape)}], axes ${-rank} to ${rank - 1}.`,
    )
  }
  return axis < 0 ? axis + rank : axis
}

/** Different axes in rising order; all of them by default. Throws {@link ShapeError}. */
export function checkedAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  shape: readonly Dimension[],
): readonly number[] {
  if (axes === undefined) return shape.map((_, axis) => axis)
  const checked = (typeof axes === 'number' ? [axes] : axes).map((axis) => checkedAxis(operation, axis, shape))
  if (new Set(checked).size !== checked.length) {
    throw new ShapeError(`${operation}: an axis was named twice: [${String(axes)}].`)
  }
  return checked.sort((a, b) => a - b)
}
