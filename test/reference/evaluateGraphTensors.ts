/** A tensor in double precision; whole numbers and truth values (1 and 0) are held as they are. */
export interface Values {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

export const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Every index of a shape, in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const total = count(shape)
  for (let place = 0; place < total; place++) {
    const index: number[] = []
    let rest = place
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index.unshift(rest % shape[axis])
      rest = Math.floor(rest / shape[axis])
    }
    yield index
  }
}

/** Where an index stands. */
export function place(shape: readonly number[], index: readonly number[]): number {
  let at = 0
  for (let axis = 0; axis < shape.length; axis++) {
    if (!(index[axis] >= 0 && index[axis] < shape[axis])) throw new RangeError(`[${index}] is outside of [${shape}].`)
    at = at * shape[axis] + index[axis]
  }
  return at
}

/** The entry of an index. */
export const at = ({ shape, data }: Values, index: readonly number[]): number => data[place(shape, index)]

/** A tensor whose entries are a function of their index. */
export function build(shape: readonly number[], entry: (index: readonly number[]) => number): Values {
  return { shape: [...shape], data: Float64Array.from(indices(shape), entry) }
}

/** The entry of a tensor that is broadcast to a shape in which `index` is one. */
export function broadcastAt(x: Values, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length)
  return at(
    x,
    own.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)),
  )
}

/** The shape to which shapes broadcast. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((size) => size !== 1)
    if (new Set(sizes).size > 1) throw new RangeError(`Sizes ${sizes} do not broadcast.`)
    return sizes[0] ?? 1
  })
}
