import { ConfigurationError } from '../../tensor/errors.js'
import { sameDimensions } from '../shapes.js'
import {
  apply,
  applyAll,
  batchOf,
  checkSyms,
  constant,
  describe,
  type GraphNode,
  type Operation,
  type Sym,
  shapeError,
  type TensorType,
} from '../sym.js'
import { topological } from '../traverse.js'

/** What stands for a value of the loop inside of its body. */
const placeholder: Operation<TensorType> = {
  name: 'loopState',
  infer: (_, { shape, type }) => [{ shape, type }],
  derivative: () => [],
  onnx() {
    throw new ConfigurationError('A value from inside of a loop was used outside of it; return it as state instead.')
  },
}

export interface LoopAttributes {
  /** The leaves of the body: the number of the step (int64), the condition (bool), and the state. */
  readonly step: Sym
  readonly condition: Sym
  readonly state: readonly Sym[]
  /** What the body makes of them. */
  readonly keepGoing: Sym
  readonly next: readonly Sym[]
}

/** Inputs: the largest number of steps, the first state, then all that the body takes from around it. */
const repetition: Operation<LoopAttributes> = {
  name: 'loop',
  infer: (_, { state }) => state.map(({ shape, type }) => ({ shape, type })),
  opaque: 'write its steps out one by one to differentiate through them, or take derivatives inside of its body',
  onnx(emit, inputs, { attributes: { step, condition, state, keepGoing, next } }) {
    const body = { inputs: [step, condition, ...state], outputs: [keepGoing, ...next] }
    // No first condition: the first step is taken wherever any is allowed.
    const [steps, ...values] = inputs
    return emit.nodeWithBody('Loop', [steps, '', ...values.slice(0, state.length)], body, state.length)
  },
}

export interface LoopOptions {
  /** What each step changes; at least one tensor. */
  readonly state: readonly Sym[]
  /** The largest number of steps: a whole number, or an int64 scalar. */
  readonly maxSteps: Sym | number
  /**
   * One step: from the state and the step's number (int64, from 0) to the next state, of the same shapes and types, and whether
   * to go on (a bool scalar). It may use any tensor from around the loop. It is called once, when the graph is built.
   */
  body(state: Sym[], step: Sym): { readonly state: readonly Sym[]; readonly keepGoing: Sym }
}

/**
 * Repeats a step until it says to stop, or `maxSteps` times; gives the last state. It has no derivative. Throws
 * {@link ShapeError} where a step changes the shape of the state.
 */
export function loop({ state, maxSteps, body }: LoopOptions): Sym[] {
  if (state.length === 0) throw new ConfigurationError('loop needs at least one tensor of state.')
  if (typeof maxSteps === 'number' && !(Number.isSafeInteger(maxSteps) && maxSteps >= 0)) {
    throw new ConfigurationError(`loop: maxSteps must be a whole number, 0 or more; got ${maxSteps}.`)
  }
  const steps = typeof maxSteps === 'number' ? constant(maxSteps, 'int64') : maxSteps
  if (steps.type !== 'int64' || steps.shape.length > 0) {
    throw shapeError('loop', [steps], `maxSteps must be a number or an int64 scalar, not ${steps.type}`)
  }
  const leaves = {
    step: apply(placeholder, [], { shape: [], type: 'int64' }),
    condition: apply(placeholder, [], { shape: [], type: 'bool' }),
    state: state.map((sym) => apply(placeholder, [], { shape: sym.shape, type: sym.type }, batchOf(sym))),
  }
  const { state: next, keepGoing } = body([...leaves.state], leaves.step)
  checkResults(state, next, keepGoing)
  const attributes = { ...leaves, keepGoing, next: [...next] }
  return [...applyAll(repetition, [steps, ...state, ...captured(attributes)], attributes)]
}

function checkResults(state: readonly Sym[], next: readonly Sym[], keepGoing: Sym): void {
  if (!Array.isArray(next) || keepGoing === undefined) {
    throw new ConfigurationError(
      'loop: the body must return { state, keepGoing }: the next state, a list of tensors, and a bool scalar, such as constant(1, "bool") to go on.',
    )
  }
  checkSyms('loop', [...next, keepGoing])
  if (next.length !== state.length) {
    throw new ConfigurationError(
      `loop: the body was given ${state.length} tensors of state and returned ${next.length}.`,
    )
  }
  for (const [i, sym] of next.entries()) {
    if (sym.type !== state[i].type || !sameDimensions(sym.shape, state[i].shape)) {
      throw shapeError('loop', [state[i], sym], `state ${i} must keep its shape and type`)
    }
  }
  if (keepGoing.type !== 'bool' || keepGoing.shape.length > 0) {
    throw new ConfigurationError(
      `loop: keepGoing must be a bool scalar; got ${describe(keepGoing)} of ${keepGoing.type}.`,
    )
  }
}

/** The tensors from around a loop that its body uses: those that its leaves do not reach. */
function captured({ step, condition, state, keepGoing, next }: LoopAttributes): Sym[] {
  const inside = new Set<GraphNode>([step, condition, ...state].map(({ node }) => node))
  const found = new Map<string, Sym>()
  const look = (sym: Sym) => {
    if (!inside.has(sym.node)) found.set(`${sym.node.id}:${sym.output}`, sym)
  }
  // Nodes that are older than the leaves cannot depend on them.
  const order = topological([keepGoing, ...next], ({ id }) => id < step.node.id)
  for (const node of order) {
    if (node.inputs.some((sym) => inside.has(sym.node))) inside.add(node)
  }
  for (const node of order) {
    if (inside.has(node)) node.inputs.forEach(look)
  }
  for (const sym of [keepGoing, ...next]) look(sym)
  return [...found.values()]
}
