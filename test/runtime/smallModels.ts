import protobuf from 'protobufjs'

/**
 * ONNX models written by hand for tests of the runtime, which must not depend on how graphs are encoded. Field numbers are
 * those of the ONNX standard (onnx.proto3), of which this is the part that is needed.
 */
const schema = `
syntax = "proto3";
message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
message Constant { repeated int64 dims = 1; int32 data_type = 2; bytes raw_data = 9; string name = 8; }
message Size { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message Shape { repeated Size dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message ValueInfo { string name = 1; Type type = 2; }
message Graph { repeated Node node = 1; string name = 2; repeated Constant initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
message Opset { string domain = 1; int64 version = 2; }
message Model { int64 ir_version = 1; repeated Opset opset_import = 8; Graph graph = 7; }
`
const modelType = protobuf.parse(schema, { keepCase: true }).root.lookupType('Model')
const elementTypes = { float32: 1, uint8: 2, int64: 7, bool: 9, float64: 11 }

type Shape = readonly (number | string)[]
type Named = Readonly<Record<string, readonly [Shape, keyof typeof elementTypes]>>
type Step = readonly [operation: string, inputs: readonly string[], outputs: readonly string[], attributes?: object]

function modelOf(inputs: Named, steps: readonly Step[], outputs: Named): Uint8Array {
  const described = (values: Named) =>
    Object.entries(values).map(([name, [shape, type]]) => ({
      name,
      type: {
        tensor_type: {
          elem_type: elementTypes[type],
          shape: { dim: shape.map((s) => (typeof s === 'number' ? { dim_value: s } : { dim_param: s })) },
        },
      },
    }))
  const node = steps.map(([op_type, input, output, attributes = {}]) => ({
    op_type,
    input,
    output,
    attribute: Object.entries(attributes).map(([name, i]) => ({ name, i, type: 2 })),
  }))
  return modelType
    .encode(
      modelType.fromObject({
        ir_version: 9,
        opset_import: [{ domain: '', version: 17 }],
        graph: { name: 'small', node, input: described(inputs), output: described(outputs) },
      }),
    )
    .finish()
}

/** sum = x + y and product = x·y, both [n, 3]. */
export const sumAndProduct = modelOf(
  { x: [['n', 3], 'float32'], y: [['n', 3], 'float32'] },
  [
    ['Add', ['x', 'y'], ['sum']],
    ['Mul', ['x', 'y'], ['product']],
  ],
  { sum: [['n', 3], 'float32'], product: [['n', 3], 'float32'] },
)

/** Every type that is known, each passed through an operation: 2a, 2b, not c. */
export const everyType = modelOf(
  { a: [[2], 'float64'], b: [[2], 'int64'], c: [[2], 'bool'], s: [[], 'float32'] },
  [
    ['Add', ['a', 'a'], ['twiceA']],
    ['Add', ['b', 'b'], ['twiceB']],
    ['Not', ['c'], ['notC']],
    ['Neg', ['s'], ['minusS']],
  ],
  { twiceA: [[2], 'float64'], twiceB: [[2], 'int64'], notC: [[2], 'bool'], minusS: [[], 'float32'] },
)

/** y = x·w + x·w', products large enough for several threads to share. */
export const products = modelOf(
  { x: [['n', 300], 'float32'], w: [[300, 200], 'float32'], v: [[200, 50], 'float32'] },
  [
    ['MatMul', ['x', 'w'], ['h']],
    ['Tanh', ['h'], ['t']],
    ['MatMul', ['t', 'v'], ['y']],
    ['ReduceMean', ['y'], ['mean'], { keepdims: 0 }],
  ],
  { y: [['n', 50], 'float32'], mean: [[], 'float32'] },
)

/** A model with an operation that no ONNX Runtime has. */
export const unknownOperation = modelOf({ x: [[1], 'float32'] }, [['Frobnicate', ['x'], ['y']]], {
  y: [[1], 'float32'],
})

/** A model of a type that is not among those known here. */
export const bytesModel = modelOf({ x: [[1], 'uint8'] }, [['Identity', ['x'], ['y']]], { y: [[1], 'uint8'] })

/** y = x reshaped to [3, 4], which the model does not say before it runs. */
export const lateShape = modelOf(
  { x: [['n', 3], 'float32'], shape: [[2], 'int64'] },
  [['Reshape', ['x', 'shape'], ['y']]],
  { y: [['p', 'q'], 'float32'] },
)
