import protobuf from 'protobufjs/light.js'

/**
 * The messages of ONNX that a model needs, with the field numbers of onnx.proto (onnx.ai, IR version 10). Names are
 * camel case, as protobufjs has them.
 */
const descriptor: protobuf.INamespace = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: { id: 1, type: 'int64' },
        producerName: { id: 2, type: 'string' },
        producerVersion: { id: 3, type: 'string' },
        graph: { id: 7, type: 'GraphProto' },
        opsetImport: { id: 8, type: 'OperatorSetIdProto', rule: 'repeated' },
      },
    },
    OperatorSetIdProto: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    GraphProto: {
      fields: {
        node: { id: 1, type: 'NodeProto', rule: 'repeated' },
        name: { id: 2, type: 'string' },
        initializer: { id: 5, type: 'TensorProto', rule: 'repeated' },
        input: { id: 11, type: 'ValueInfoProto', rule: 'repeated' },
        output: { id: 12, type: 'ValueInfoProto', rule: 'repeated' },
      },
    },
    NodeProto: {
      fields: {
        input: { id: 1, type: 'string', rule: 'repeated' },
        output: { id: 2, type: 'string', rule: 'repeated' },
        name: { id: 3, type: 'string' },
        opType: { id: 4, type: 'string' },
        attribute: { id: 5, type: 'AttributeProto', rule: 'repeated' },
      },
    },
    AttributeProto: {
      fields: {
        name: { id: 1, type: 'string' },
        i: { id: 3, type: 'int64' },
        s: { id: 4, type: 'bytes' },
        g: { id: 6, type: 'GraphProto' },
        ints: { id: 8, type: 'int64', rule: 'repeated', options: { packed: false } },
        type: { id: 20, type: 'int32' },
      },
    },
    TensorProto: {
      fields: {
        dims: { id: 1, type: 'int64', rule: 'repeated', options: { packed: false } },
        dataType: { id: 2, type: 'int32' },
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' },
      },
    },
    ValueInfoProto: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'TypeProto' } } },
    TypeProto: { fields: { tensorType: { id: 1, type: 'TensorTypeProto' } } },
    TensorTypeProto: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'TensorShapeProto' } } },
    TensorShapeProto: { fields: { dim: { id: 1, type: 'DimensionProto', rule: 'repeated' } } },
    DimensionProto: { fields: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } } },
  },
}

/** The message of a whole model. */
export const modelType = protobuf.Root.fromJSON(descriptor).lookupType('ModelProto')

export interface Dim {
  readonly dimValue?: number
  readonly dimParam?: string
}

export interface ValueInfo {
  readonly name: string
  readonly type: {
    readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly Dim[] } }
  }
}

export interface TensorProto {
  readonly dims: readonly number[]
  readonly dataType: number
  readonly name: string
  readonly rawData: Uint8Array
}

/** An attribute; `type` says which member holds it. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly g?: GraphProto
  readonly ints?: readonly number[]
}

export interface NodeProto {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly name: string
  readonly opType: string
  readonly attribute: readonly Attribute[]
}

export interface GraphProto {
  readonly name: string
  readonly node: readonly NodeProto[]
  readonly initializer: readonly TensorProto[]
  readonly input: readonly ValueInfo[]
  readonly output: readonly ValueInfo[]
}

export interface ModelProto {
  readonly irVersion: number
  readonly producerName: string
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[]
  readonly graph: GraphProto
}

/** The scalar types that the descriptor has. */
type Scalar = 'int32' | 'int64' | 'string' | 'bytes'

/**
 * Writes a message field by field, as its type says. The library would generate a function for it from text, which pages
 * with a strict content security policy forbid.
 */
function write(
  type: protobuf.Type,
  message: Readonly<Record<string, unknown>>,
  writer: protobuf.Writer,
): protobuf.Writer {
  for (const field of type.fieldsArray) {
    const value = message[field.name]
    if (value === undefined) continue
    const { id, repeated, resolvedType } = field.resolve()
    for (const item of repeated ? (value as readonly unknown[]) : [value]) {
      if (resolvedType instanceof protobuf.Type) {
        write(resolvedType, item as Record<string, unknown>, writer.uint32((id << 3) | 2).fork()).ldelim()
      } else {
        const scalar = field.type as Scalar
        // The interfaces of messages above say that each field holds what its scalar type takes.
        const put = writer.uint32((id << 3) | protobuf.types.basic[scalar])[scalar] as (item: unknown) => void
        put.call(writer, item)
      }
    }
  }
  return writer
}

/** The bytes of a model. */
export function encodeModel(value: ModelProto): Uint8Array {
  return new Uint8Array(write(modelType, { ...value }, protobuf.Writer.create()).finish())
}
