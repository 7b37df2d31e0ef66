import type { Dimension, GraphNode, Sym } from '../../src/graph/sym.js'
import { evaluateOperation } from './evaluateGraphOperations.js'
import type { Values } from './evaluateGraphTensors.js'

/** What a graph is fed with: anything with a shape and numbers. */
export interface Fed {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number | bigint>
}

/** Results of nodes, by the node. Bodies of loops look into what is around them. */
class Known {
  readonly #results = new Map<GraphNode, readonly Values[]>()
  readonly #around: Known | undefined
  constructor(around?: Known) {
    this.#around = around
  }
  of(node: GraphNode): readonly Values[] | undefined {
    const own = this.#results.get(node)
    return own || !this.#around ? own : this.#around.of(node)
  }
  set(node: GraphNode, results: readonly Values[]): void {
    this.#results.set(node, results)
  }
}

/**
 * The numbers of a graph in double precision by loops that restate what each operation means: the second, independent way
 * to what ONNX Runtime computes, and the ground of finite differences. Everything is computed as real numbers.
 */
export function evaluateGraph<Name extends string>(
  outputs: Readonly<Record<Name, Sym>>,
  feeds: Readonly<Record<string, Fed>>,
): Record<Name, Values> {
  const known = new Known()
  const results = {} as Record<Name, Values>
  for (const name of Object.keys(outputs) as Name[]) results[name] = compute(outputs[name], feeds, known)
  return results
}

type Feeds = Readonly<Record<string, Fed>>

function compute(sym: Sym, feeds: Feeds, known: Known): Values {
  const pending = [sym.node]
  while (pending.length > 0) {
    const node = pending[pending.length - 1]
    const missing = known.of(node) ? [] : [...node.inputs, ...donors(node)].filter((each) => !known.of(each.node))
    if (missing.length > 0) pending.push(...missing.map((each) => each.node))
    else {
      if (!known.of(node)) known.set(node, evaluateNode(node, feeds, known))
      pending.pop()
    }
  }
  const value = known.of(sym.node)![sym.output]
  checkShape(sym, value, feeds)
  return value
}

/** Tensors that lend a node nothing but the batch size. */
const donors = (node: GraphNode): readonly Sym[] => (node.batch ? [node.batch] : [])

function evaluateNode(node: GraphNode, feeds: Feeds, known: Known): readonly Values[] {
  const inputs = node.inputs.map((each) => known.of(each.node)![each.output])
  if (node.operation.name === 'input') return [fed(node, feeds)]
  if (node.operation.name === 'loop') return repeat(node, inputs, feeds, known)
  return [evaluateOperation(node, inputs, batch(node, known))]
}

/** The size that 'n' has, if anything behind a node has it. */
function batch(node: GraphNode, known: Known): number | undefined {
  if (!node.batch) return undefined
  return known.of(node.batch.node)![0].shape[node.batch.shape.indexOf('n')]
}

function fed(node: GraphNode, feeds: Feeds): Values {
  const { name, shape } = node.attributes as { name: string; shape: readonly Dimension[] }
  const given = feeds[name]
  if (given === undefined) throw new Error(`"${name}" was not fed.`)
  const fits = given.shape.length === shape.length && shape.every((size, i) => size === 'n' || size === given.shape[i])
  if (!fits) throw new Error(`"${name}" has the shape [${shape}] and was fed [${given.shape}].`)
  return { shape: [...given.shape], data: Float64Array.from(given.data, Number) }
}

function repeat(node: GraphNode, inputs: readonly Values[], feeds: Feeds, known: Known): readonly Values[] {
  const { step, condition, state, keepGoing, next } = node.attributes as {
    step: Sym
    condition: Sym
    state: readonly Sym[]
    keepGoing: Sym
    next: readonly Sym[]
  }
  const scalar = (value: number): Values => ({ shape: [], data: Float64Array.of(value) })
  let current = inputs.slice(1, 1 + state.length)
  let go = true
  for (let i = 0; go && i < inputs[0].data[0]; i++) {
    const inside = new Known(known)
    inside.set(step.node, [scalar(i)])
    inside.set(condition.node, [scalar(1)])
    for (const [j, leaf] of state.entries()) inside.set(leaf.node, [current[j]])
    const results = [...next, keepGoing].map((each) => compute(each, feeds, inside))
    current = results.slice(0, -1)
    go = results[results.length - 1].data[0] !== 0
  }
  return current
}

/** The shapes that graphs announce must be those that come out. */
function checkShape(sym: Sym, value: Values, feeds: Feeds): void {
  const fits =
    sym.shape.length === value.shape.length && sym.shape.every((size, i) => size === 'n' || size === value.shape[i])
  if (!fits) {
    throw new Error(
      `${sym.node.operation.name} announced [${sym.shape}] and gave [${value.shape}], fed with ${Object.keys(feeds)}.`,
    )
  }
}
