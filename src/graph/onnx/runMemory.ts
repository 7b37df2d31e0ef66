import type { ElementType, TensorType } from '../sym.js'
import type { GraphProto, NodeProto } from './schema.js'

/** Bytes of a tensor: `bytes` times the batch, as often as that enters its shape. */
export interface Size {
  readonly bytes: number
  readonly power: number
}

/** Bytes that a run takes beyond what it is fed, at most at one time, by the size of its batch. */
export type RunMemory = (batch: number) => number

/** What is known of the values of a graph and its bodies, by their names. */
export interface Sizes {
  readonly values: ReadonlyMap<string, Size>
  /** What a node takes for itself while it runs, by the name of its first output. */
  readonly scratch: ReadonlyMap<string, readonly Size[]>
}

type Nodes = Pick<GraphProto, 'node'>

const WIDTH: Readonly<Record<ElementType, number>> = { float32: 4, float64: 8, int64: 8, bool: 1 }
const NOTHING: Size = { bytes: 0, power: 0 }

export const sizeOf = ({ shape, type }: TensorType): Size => ({
  bytes: shape.reduce<number>((product, size) => (size === 'n' ? product : product * size), WIDTH[type]),
  power: shape.filter((size) => size === 'n').length,
})

export const bytesOf = ({ bytes, power }: Size, batch: number): number => bytes * batch ** power

/** Results that lie on the memory of the first input. */
const VIEWS = new Set(['Reshape', 'Squeeze', 'Identity'])
/** Results that take the place of an input of the same size which no later node reads. */
const IN_PLACE = new Set(
  'Add Sub Mul Div Neg Sqrt Exp Log Abs Reciprocal Tanh Sigmoid Relu Clip Cast Softmax LogSoftmax'.split(' '),
)
/** Vectors of sizes. */
const SHAPES = new Set(['Shape', 'Concat'])

/**
 * The size of a value inside of an operation that is written as several nodes: that of the `result` for those that reduce, else that of the
 * largest input.
 */
export function innerSize({ opType, input }: NodeProto, result: Size, values: Sizes['values']): Size {
  if (SHAPES.has(opType)) return NOTHING
  if (/^(Conv|MatMul|Gemm|Slice|Reduce)/.test(opType)) return result
  const sizes = input.flatMap((name) => values.get(name) ?? [])
  return sizes.reduce((most, size) => (larger(size, most) ? size : most), NOTHING)
}

const larger = (a: Size, b: Size): boolean => a.power > b.power || (a.power === b.power && a.bytes > b.bytes)

/**
 * What a run of nodes takes: one after another in the order of ONNX Runtime, each value from the node that makes it to the last one that
 * reads it, and what nodes take for themselves. `results` stay until the end.
 */
export function runMemory(graph: Nodes, results: readonly string[], sizes: Sizes): RunMemory {
  const order = inRunOrder(graph.node)
  const home = new Map<string, string>()
  const homeOf = (name: string) => home.get(name) ?? name
  for (const { opType, input, output } of graph.node) {
    if (VIEWS.has(opType)) home.set(output[0], homeOf(input[0]))
  }
  const sizeOfValue = (name: string) => sizes.values.get(name) ?? NOTHING
  const kept = new Set(results.map(homeOf))
  const lastRead = new Map<string, NodeProto>()
  for (const node of order) for (const name of readsOf(node)) lastRead.set(homeOf(name), node)
  const held = new Set<string>()
  const moments = order.map((node) => {
    const dying = [...new Set(readsOf(node).map(homeOf))].filter(
      (name) => held.has(name) && lastRead.get(name) === node && !kept.has(name),
    )
    const made = VIEWS.has(node.opType) ? [] : node.output
    const replaced = IN_PLACE.has(node.opType) && !kept.has(made[0]) ? dying.find(isLike(made[0])) : undefined
    for (const name of made) held.add(name)
    for (const name of dying) held.delete(name)
    const unread = made.filter((name) => !lastRead.has(name) && !kept.has(name))
    const scratch = sizes.scratch.get(node.output[0]) ?? []
    return {
      takes: [...(replaced === undefined ? made.map(sizeOfValue) : []), ...scratch],
      frees: [...[...dying.filter((name) => name !== replaced), ...unread].map(sizeOfValue), ...scratch],
      bodies: bodiesOf(node).map((body) => bodyMemory(body, sizes)),
    }
  })
  return (batch) => {
    let now = 0
    let most = 0
    for (const { takes, frees, bodies } of moments) {
      for (const size of takes) now += bytesOf(size, batch)
      most = bodies.reduce((bytes, body) => Math.max(bytes, now + body(batch)), Math.max(most, now))
      for (const size of frees) now -= bytesOf(size, batch)
    }
    return most
  }

  function isLike(name: string): (other: string) => boolean {
    const { bytes, power } = sizeOfValue(name)
    return (other) => sizeOfValue(other).bytes === bytes && sizeOfValue(other).power === power
  }
}

/** A step of a loop: its nodes, and the state that comes in. */
function bodyMemory(body: GraphProto, sizes: Sizes): RunMemory {
  const names = body.output.map(({ name }) => name)
  const inside = runMemory(body, names, sizes)
  const state = names.map((name) => sizes.values.get(name) ?? NOTHING)
  return (batch) => inside(batch) + state.reduce((bytes, size) => bytes + bytesOf(size, batch), 0)
}

const bodiesOf = ({ attribute }: NodeProto): GraphProto[] => attribute.flatMap(({ g }) => g ?? [])

/** The names of the values that a node reads, those that its bodies take from around it included. */
function readsOf(node: NodeProto): string[] {
  return [
    ...node.input,
    ...bodiesOf(node).flatMap((body) => [...body.node.flatMap(readsOf), ...body.output.map(({ name }) => name)]),
  ]
}

/**
 * Nodes in the order in which ONNX Runtime runs them: depth first from those that no other reads, and among these, as among the makers of a
 * node's inputs, the last written first.
 */
function inRunOrder(written: readonly NodeProto[]): NodeProto[] {
  const makers = new Map(written.flatMap((node, place) => node.output.map((name) => [name, place] as const)))
  const before = written.map((node) => [...new Set(readsOf(node).flatMap((name) => makers.get(name) ?? []))])
  const read = new Set(before.flat())
  const order: NodeProto[] = []
  const entered = new Set<number>()
  const stack = written.flatMap((_, place) => (read.has(place) ? [] : [{ place, left: false }]))
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { place, left } = top
    if (left) order.push(written[place])
    if (left || entered.has(place)) continue
    entered.add(place)
    stack.push({ place, left: true })
    for (const each of before[place].sort((a, b) => a - b)) stack.push({ place: each, left: false })
  }
  return order
}
