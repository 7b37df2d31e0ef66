import type { ElementType, OnnxAttribute, TensorType } from '../sym.js'
import type { Attribute, GraphProto, ValueInfo } from './schema.js'

/** ONNX's numbers of element types (TensorProto.DataType). */
export const elementTypes: Readonly<Record<ElementType, number>> = { float32: 1, int64: 7, bool: 9, float64: 11 }

/** ONNX's numbers of kinds of attributes (AttributeProto.AttributeType). */
const kinds = { int: 2, string: 3, graph: 5, ints: 7 }

/** A value's name and type; an open dimension goes by its letter. */
export function valueInfo(name: string, { shape, type }: TensorType): ValueInfo {
  const dim = shape.map((size) => (size === 'n' ? { dimParam: size } : { dimValue: BigInt(size) }))
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } }
}

/** Attributes of a node. */
export function attributesOf(attributes: Readonly<Record<string, OnnxAttribute>>): Attribute[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'number') return { name, type: kinds.int, i: BigInt(value) }
    if (typeof value === 'string') return { name, type: kinds.string, s: new TextEncoder().encode(value) }
    return { name, type: kinds.ints, ints: value.map(BigInt) }
  })
}

/** A graph as an attribute: the body of a loop. */
export const bodyAttribute = (body: GraphProto): Attribute => ({ name: 'body', type: kinds.graph, g: body })
