import { ConfigurationError } from '../../tensor/errors.js'
import { describe, inputOperation, type Sym } from '../sym.js'
import type { RunMemory } from './runMemory.js'
import { encodeModel } from './schema.js'
import { mainScope } from './scope.js'

/** The operator set that graphs are written for. */
const OPSET = 21n
/** The file format's version that goes with it. */
const IR_VERSION = 10n

/** A graph to be run: what goes in, in which order, and what comes out. */
export interface Graph {
  readonly name?: string
  /** The inputs to declare, in this order; without it those that the outputs need. */
  readonly inputs?: readonly Sym[]
  readonly outputs: Readonly<Record<string, Sym>>
}

/**
 * A graph as the bytes of an ONNX model (opset 21). Equal nodes are written once, and only what the outputs need. Throws
 * {@link ConfigurationError} where there is no output, an output has the name of an input, two inputs of one name differ,
 * `inputs` leaves out one that is needed, or a value from inside of a loop is used outside of it.
 */
export const encodeOnnx = (graph: Graph): Uint8Array => encodeCounted(graph).bytes

/** The same, with what a run of it takes. */
export function encodeCounted({ name = 'energia', inputs, outputs }: Graph): { bytes: Uint8Array; memory: RunMemory } {
  const results = Object.entries(outputs)
  if (results.length === 0) throw new ConfigurationError('encodeOnnx: a graph needs at least one output.')
  const notInput = inputs?.find((sym) => sym.node.operation.name !== inputOperation.name)
  if (notInput) throw new ConfigurationError(`encodeOnnx: inputs must come from input(); got ${describe(notInput)}.`)
  const { graph, memory } = mainScope(inputs, outputs).finish(name, results)
  const clash = graph.input.find((info) => Object.hasOwn(outputs, info.name))
  if (clash) {
    throw new ConfigurationError(`encodeOnnx: "${clash.name}" names both an input and an output; rename the output.`)
  }
  const bytes = encodeModel({
    irVersion: IR_VERSION,
    producerName: 'energia',
    opsetImport: [{ domain: '', version: OPSET }],
    graph,
  })
  return { bytes, memory }
}
