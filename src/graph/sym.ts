import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { type Tensor, tensor } from '../tensor/tensor.js'
import { checkedDimensions, type Dimension, formatDimensions, isOpen } from './shapes.js'

export type { Dimension } from './shapes.js'

export type ElementType = 'float32' | 'float64' | 'int64' | 'bool'

/** What is known of a tensor before it exists. */
export interface TensorType {
  readonly shape: readonly Dimension[]
  readonly type: ElementType
}

/** A symbolic tensor: the result of an operation on other symbolic tensors. Immutable. */
export interface Sym extends TensorType {
  readonly node: GraphNode
  /** Which of the node's outputs. */
  readonly output: number
}

/** One application of an operation. */
export interface GraphNode<A extends object = object> {
  /** Grows with every node made, so that a node's inputs have smaller ones. */
  readonly id: number
  readonly operation: Operation<A>
  readonly inputs: readonly Sym[]
  readonly attributes: A
  /** A leaf behind this node from which the open batch size can be read at run time. */
  readonly batch: Sym | undefined
}

/** What a derivative may use: the node's inputs, its output and its attributes. */
export interface Application<A extends object = object> {
  readonly inputs: readonly Sym[]
  readonly output: Sym
  readonly attributes: A
}

/** An operation: the rule of its shape, its derivative as a graph, and its ONNX form. */
export interface Operation<A extends object = object> {
  readonly name: string
  /** The types of the outputs. Throws {@link ShapeError} where the inputs do not fit. */
  infer(inputs: readonly Sym[], attributes: A): readonly TensorType[]
  /**
   * The derivative of Σ gradient·output with respect to each input, built only where it is asked for; undefined where an
   * input does not move the output smoothly. An operation without this member has no derivative, and says why in `opaque`.
   */
  derivative?(gradient: Sym, application: Application<A>): readonly (undefined | (() => Sym))[]
  /** Why there is no derivative. */
  readonly opaque?: string
  /** What its nodes take for themselves while they run, besides inputs, outputs and what stands between; nothing by default. */
  scratch?(inputs: readonly Sym[], attributes: A): readonly TensorType[]
  /** Adds ONNX nodes, and gives the names of the outputs. */
  onnx(emit: Emitter, inputs: readonly string[], node: GraphNode<A>): string | readonly string[]
}

/** An attribute of an ONNX node: whole numbers, or text. */
export type OnnxAttribute = number | readonly number[] | string

/** Where operations write their ONNX form. Values are known by their names. */
export interface Emitter {
  /** Adds a node and gives the name of its output; equal nodes are added once. */
  node(type: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string
  /** A constant; equal ones are stored once. */
  constant(type: ElementType, shape: readonly number[], data: ArrayLike<number>): string
  /** The int64 vector of a shape, in which an open dimension is read from `batch`. */
  shape(shape: readonly Dimension[], batch: Sym | undefined): string
  /** A node with a body: a graph of its own that may refer to any value around it. */
  nodeWithBody(type: string, inputs: readonly string[], body: Body, outputs: number): readonly string[]
}

/** The body of a loop: the leaves that stand for its inputs, and its results. */
export interface Body {
  readonly inputs: readonly Sym[]
  readonly outputs: readonly Sym[]
}

let made = 0

/** A leaf whose shape has the open dimension of `sym`; undefined where nothing behind it has one. */
export function batchOf(sym: Sym): Sym | undefined {
  return sym.node.batch ?? (isOpen(sym.shape) ? sym : undefined)
}

/** Checks that tensors are symbolic ones, for callers whom types do not protect. Throws {@link ConfigurationError}. */
export function checkSyms(operation: string, inputs: readonly unknown[]): void {
  for (const given of inputs) {
    if (typeof given !== 'object' || given === null || !('node' in given && 'shape' in given)) {
      throw new ConfigurationError(
        `${operation} takes symbolic tensors, made by input(), constant() and operations; got ${given === null ? 'null' : typeof given}.`,
      )
    }
  }
}

/** Applies an operation: checks shapes, and gives the outputs. A leaf may name the `batch` that it shares. */
export function applyAll<A extends object>(
  operation: Operation<A>,
  inputs: readonly Sym[],
  attributes: A,
  batch?: Sym,
): readonly Sym[] {
  checkSyms(operation.name, inputs)
  const types = operation.infer(inputs, attributes)
  const open = batch ?? inputs.map(batchOf).find((sym) => sym !== undefined)
  const node: GraphNode<A> = { id: ++made, operation, inputs: [...inputs], attributes, batch: open }
  return types.map(({ shape, type }, output) => ({ shape, type, node, output }))
}

/** Applies an operation with one output. */
export function apply<A extends object>(
  operation: Operation<A>,
  inputs: readonly Sym[],
  attributes: A,
  batch?: Sym,
): Sym {
  return applyAll(operation, inputs, attributes, batch)[0]
}

export interface InputAttributes extends TensorType {
  readonly name: string
}

export const inputOperation: Operation<InputAttributes> = {
  name: 'input',
  infer: (_, { shape, type }) => [{ shape, type }],
  derivative: () => [],
  onnx() {
    throw new ConfigurationError('An input stands for itself; the encoder declares it.')
  },
}

/**
 * A tensor that is fed at run time, by its name; parameters are inputs too. Throws {@link ConfigurationError} for an empty
 * name, and {@link ShapeError} for sizes that are neither whole numbers ≥ 1 nor 'n'.
 */
export function input(name: string, shape: readonly Dimension[], type: ElementType = 'float32'): Sym {
  if (typeof name !== 'string' || name === '') {
    throw new ConfigurationError(`An input needs a name, a text that is not empty; got ${JSON.stringify(name)}.`)
  }
  return apply(inputOperation, [], { name, shape: checkedDimensions(`input "${name}"`, shape), type })
}

export interface ConstantAttributes {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
  readonly type: ElementType
}

export const constantOperation: Operation<ConstantAttributes> = {
  name: 'constant',
  infer: (_, { shape, type }) => [{ shape, type }],
  derivative: () => [],
  onnx: (emit, _, { attributes: { type, shape, data } }) => emit.constant(type, shape, data),
}

/**
 * A tensor embedded in the graph; a number is a scalar. The data is not copied and must not change. Throws
 * {@link ShapeError} where the tensor's shape and data do not agree.
 */
export function constant(value: number | Tensor, type: ElementType = 'float32'): Sym {
  if (Number.isNaN(value)) throw new ConfigurationError('A constant must be a number; got NaN.')
  if (type === 'int64' && !(typeof value === 'number' ? [value] : Array.from(value.data)).every(Number.isSafeInteger)) {
    throw new ConfigurationError('A constant of int64 needs whole numbers.')
  }
  if (typeof value === 'number') return apply(constantOperation, [], { shape: [], data: [value], type })
  const { shape, data } = tensor(value.shape, value.data)
  return apply(constantOperation, [], { shape: checkedDimensions('constant', shape) as readonly number[], data, type })
}

/** The number that a constant scalar holds; undefined for everything else. */
export function scalarValue(sym: Sym): number | undefined {
  if (sym.node.operation.name !== 'constant' || sym.shape.length > 0) return undefined
  return (sym.node.attributes as ConstantAttributes).data[0]
}

export const isFloat = ({ type }: TensorType): boolean => type === 'float32' || type === 'float64'

/** The names of inputs from which a tensor was made, nearest first: for messages. */
function namesBehind(sym: Sym): string[] {
  const names = new Set<string>()
  const seen = new Set<GraphNode>([sym.node])
  for (const node of seen) {
    if (node.operation.name === 'input') names.add((node.attributes as InputAttributes).name)
    if (names.size >= 4 || seen.size > 400) break
    for (const { node: next } of node.inputs) seen.add(next)
  }
  return [...names]
}

/** A tensor as messages name it: "x" [n×784], or the result of matmul (from "x", "W") [n×20]. */
export function describe(sym: Sym): string {
  const { name } = sym.node.operation
  const shape = `[${formatDimensions(sym.shape)}]`
  const behind = namesBehind(sym).map((each) => `"${each}"`)
  if (name === 'input') return `${behind[0]} ${shape}`
  if (name === 'constant') return `a constant ${shape}`
  return `the result of ${name}${behind.length ? ` (from ${behind.join(', ')})` : ''} ${shape}`
}

/** Throws {@link ShapeError}: `operation` was given `syms`, and `why` they do not fit. */
export function shapeError(operation: string, syms: readonly Sym[], why: string): ShapeError {
  return new ShapeError(`${operation}: ${why}; got ${syms.map(describe).join(' and ')}.`)
}

/** Checks that tensors are of one element type. Throws {@link ConfigurationError}. */
export function checkSameType(operation: string, syms: readonly Sym[]): ElementType {
  checkSyms(operation, syms)
  const [{ type }] = syms
  if (syms.some((sym) => sym.type !== type)) {
    const given = syms.map((sym) => `${describe(sym)} of ${sym.type}`).join(' and ')
    throw new ConfigurationError(`${operation} needs tensors of one element type; got ${given}. Use cast.`)
  }
  return type
}

/** Checks that a tensor holds real numbers. Throws {@link ConfigurationError}. */
export function checkFloat(operation: string, sym: Sym): ElementType {
  if (!isFloat(sym)) {
    throw new ConfigurationError(
      `${operation} needs float32 or float64; got ${describe(sym)} of ${sym.type}. Use cast.`,
    )
  }
  return sym.type
}
