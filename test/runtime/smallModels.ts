import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A field of a message: its number, and whole numbers as varints, strings, or the bytes of messages. */
type Field = readonly [number: number, value: number | string | Uint8Array]

function message(...fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const [number, value] of fields) {
    if (typeof value === 'number') writer.tag(number, WireType.Varint).int64(value)
    else if (typeof value === 'string') writer.tag(number, WireType.LengthDelimited).string(value)
    else writer.tag(number, WireType.LengthDelimited).bytes(value)
  }
  return writer.finish()
}

const elementTypes = { float32: 1, uint8: 2, int64: 7, bool: 9, float64: 11 }

type Shape = readonly (number | string)[]
type Named = Readonly<Record<string, readonly [Shape, keyof typeof elementTypes]>>
type Step = readonly [
  operation: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, number>>,
]

const dimension = (size: number | string) => message(typeof size === 'number' ? [1, size] : [2, size])

const valueInfos = (values: Named): Uint8Array[] =>
  Object.entries(values).map(([name, [shape, type]]) => {
    const tensorType = message(
      [1, elementTypes[type]],
      [2, message(...shape.map((size): Field => [1, dimension(size)]))],
    )
    return message([1, name], [2, message([1, tensorType])])
  })

const node = ([operation, inputs, outputs, attributes = {}]: Step): Uint8Array =>
  message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, operation],
    ...Object.entries(attributes).map(([name, i]): Field => [5, message([1, name], [3, i], [20, 2])]),
  )

/**
 * An ONNX model, field by field, for tests of the runtime, which must not depend on how graphs are encoded. The numbers of
 * fields are those of the ONNX standard (onnx.proto3).
 */
function modelOf(inputs: Named, steps: readonly Step[], outputs: Named): Uint8Array {
  const graph = message(
    ...steps.map((step): Field => [1, node(step)]),
    [2, 'small'],
    ...valueInfos(inputs).map((info): Field => [11, info]),
    ...valueInfos(outputs).map((info): Field => [12, info]),
  )
  return message([1, 9], [7, graph], [8, message([1, ''], [2, 17])])
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
