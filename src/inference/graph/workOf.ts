import type { Sym } from '../../graph/index.js'
import { knownSize } from '../../graph/shapes.js'
import { topological } from '../../graph/traverse.js'

/**
 * About how many multiplications an observation a tensor takes: each weight of a product once, each weight of a kernel once a
 * place, and of all else as many as come in.
 */
export function workOf(sym: Sym): number {
  let work = 0
  for (const { operation, inputs } of topological([sym])) {
    const [first, second] = inputs
    if (second && /^conv/.test(operation.name)) work += knownSize(second.shape) * knownSize(first.shape.slice(2))
    else if (second && /^(matmul|linear)$/.test(operation.name)) work += knownSize(second.shape)
    else work += inputs.reduce((most, { shape }) => Math.max(most, shape[0] === 'n' ? knownSize(shape) : 0), 0)
  }
  return work
}
