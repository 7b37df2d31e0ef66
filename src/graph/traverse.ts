import type { GraphNode, Sym } from './sym.js'

/**
 * Every node behind `syms`, each after its inputs. Nodes for which `skip` holds are left out, with what is behind them alone.
 * Deep graphs are walked without recursion.
 */
export function topological(syms: readonly Sym[], skip: (node: GraphNode) => boolean = () => false): GraphNode[] {
  const order: GraphNode[] = []
  const entered = new Set<GraphNode>()
  const stack: { readonly node: GraphNode; next: number }[] = []
  const enter = (node: GraphNode) => {
    if (entered.has(node) || skip(node)) return
    entered.add(node)
    stack.push({ node, next: 0 })
  }
  for (const { node } of syms) {
    enter(node)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (top.next < top.node.inputs.length) enter(top.node.inputs[top.next++].node)
      else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}
