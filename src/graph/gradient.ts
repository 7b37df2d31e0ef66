import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { add } from './operations/arithmetic.js'
import { onesLike, zerosLike } from './operations/expand.js'
import { formatDimensions, sameDimensions } from './shapes.js'
import { describe, type GraphNode, isFloat, type Sym } from './sym.js'
import { topological } from './traverse.js'

/**
 * The derivative of Σ of with respect to each tensor of `wrt`, as tensors of the same shapes; zeros where it is not reached.
 * Reverse mode: the results are graphs again and can be differentiated. Throws {@link ConfigurationError} where the way
 * leads through an operation without a derivative, or a tensor does not hold real numbers.
 */
export function gradient(of: Sym, wrt: readonly Sym[]): Sym[] {
  for (const sym of [of, ...wrt]) {
    if (!isFloat(sym)) {
      throw new ConfigurationError(`gradient needs real numbers; got ${describe(sym)} of ${sym.type}.`)
    }
  }
  const order = topological([of])
  const targets = new Set(wrt.map(({ node }) => node))
  const depends = dependents(order, targets)
  const gradients = new Map<GraphNode, Map<number, Sym>>()
  const give = (sym: Sym, part: Sym) => {
    if (!sameDimensions(part.shape, sym.shape)) {
      throw new ShapeError(
        `gradient: the derivative to ${describe(sym)} came out as [${formatDimensions(part.shape)}]; this is a fault of its operation.`,
      )
    }
    const outputs = gradients.get(sym.node) ?? new Map<number, Sym>()
    const before = outputs.get(sym.output)
    gradients.set(sym.node, outputs.set(sym.output, before ? add(before, part) : part))
  }
  if (depends.has(of.node)) give(of, onesLike(of))
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    if (!depends.has(node)) continue
    for (const [output, g] of gradients.get(node) ?? []) passBack(node, output, g, depends, give)
  }
  return wrt.map((sym) => gradients.get(sym.node)?.get(sym.output) ?? zerosLike(sym))
}

/** The nodes that are targets or built on one. `order` has inputs first. */
function dependents(order: readonly GraphNode[], targets: ReadonlySet<GraphNode>): Set<GraphNode> {
  const found = new Set<GraphNode>()
  for (const node of order) {
    if (targets.has(node) || node.inputs.some((sym) => found.has(sym.node))) found.add(node)
  }
  return found
}

/** Hands a node's gradient on to those of its inputs that matter. */
function passBack(
  node: GraphNode,
  output: number,
  g: Sym,
  depends: ReadonlySet<GraphNode>,
  give: (sym: Sym, part: Sym) => void,
): void {
  const { operation, inputs, attributes } = node
  if (!inputs.some((sym) => depends.has(sym.node))) return
  if (!operation.derivative) {
    throw new ConfigurationError(`${operation.name} has no derivative: ${operation.opaque ?? 'it is not smooth'}.`)
  }
  const own: Sym = { shape: g.shape, type: g.type, node, output }
  const parts = operation.derivative(g, { inputs, output: own, attributes })
  for (const [i, sym] of inputs.entries()) {
    const part = parts[i]
    if (part && depends.has(sym.node) && isFloat(sym)) give(sym, part())
  }
}
