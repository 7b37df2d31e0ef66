import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'

/** A field's number and type: a scalar, or the name of a message; `[]` behind it where there may be several. */
type Field = readonly [number: number, type: string]

/**
 * The messages of ONNX that a model needs, with the field numbers of onnx.proto (onnx.ai, IR version 10). Names are in
 * camel case, as the library has them in JavaScript.
 */
const messages: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  ModelProto: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    graph: [7, 'GraphProto'],
    opsetImport: [8, 'OperatorSetIdProto[]'],
  },
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  GraphProto: {
    node: [1, 'NodeProto[]'],
    name: [2, 'string'],
    initializer: [5, 'TensorProto[]'],
    input: [11, 'ValueInfoProto[]'],
    output: [12, 'ValueInfoProto[]'],
  },
  NodeProto: {
    input: [1, 'string[]'],
    output: [2, 'string[]'],
    name: [3, 'string'],
    opType: [4, 'string'],
    attribute: [5, 'AttributeProto[]'],
  },
  AttributeProto: {
    name: [1, 'string'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    g: [6, 'GraphProto'],
    ints: [8, 'int64[]'],
    type: [20, 'int32'],
  },
  TensorProto: { dims: [1, 'int64[]'], dataType: [2, 'int32'], name: [8, 'string'], rawData: [9, 'bytes'] },
  ValueInfoProto: { name: [1, 'string'], type: [2, 'TypeProto'] },
  TypeProto: { tensorType: [1, 'TensorTypeProto'] },
  TensorTypeProto: { elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  TensorShapeProto: { dim: [1, 'DimensionProto[]'] },
  DimensionProto: { dimValue: [1, 'int64'], dimParam: [2, 'string'] },
}

const { INT32, INT64, STRING, BYTES, MESSAGE } = FieldDescriptorProto_Type
const scalars: Readonly<Record<string, FieldDescriptorProto_Type | undefined>> = {
  int32: INT32,
  int64: INT64,
  string: STRING,
  bytes: BYTES,
}

function fieldDescriptor(name: string, [number, written]: Field) {
  const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label
  const repeated = written.endsWith('[]')
  const type = repeated ? written.slice(0, -2) : written
  const scalar = scalars[type]
  const label = repeated ? REPEATED : OPTIONAL
  return scalar === undefined
    ? { name, number, label, type: MESSAGE, typeName: `.onnx.${type}` }
    : { name, number, label, type: scalar }
}

/** The rules are those of onnx.proto, proto2: what is set is written, zeros too, and numbers are not packed. */
function modelDescriptor(): DescMessage {
  const messageType = Object.entries(messages).map(([name, fields]) => ({
    name,
    field: Object.entries(fields).map(([field, each]) => fieldDescriptor(field, each)),
  }))
  const file = create(FileDescriptorProtoSchema, { name: 'onnx.proto', package: 'onnx', syntax: 'proto2', messageType })
  const found = createFileRegistry(file, () => undefined).getMessage('onnx.ModelProto')
  if (!found) throw new TypeError('The descriptor of ONNX has no ModelProto.')
  return found
}

let built: DescMessage | undefined

/** The message of a whole model, built where it is first asked for. */
export function modelType(): DescMessage {
  built ??= modelDescriptor()
  return built
}
