import { create, toBinary } from '@bufbuild/protobuf'
import { modelType } from './descriptor.js'

export interface Dim {
  readonly dimValue?: bigint
  readonly dimParam?: string
}

export interface ValueInfo {
  readonly name: string
  readonly type: {
    readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly Dim[] } }
  }
}

export interface TensorProto {
  readonly dims: readonly bigint[]
  readonly dataType: number
  readonly name: string
  readonly rawData: Uint8Array
}

/** An attribute; `type` says which member holds it. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly i?: bigint
  readonly s?: Uint8Array
  readonly g?: GraphProto
  readonly ints?: readonly bigint[]
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
  readonly irVersion: bigint
  readonly producerName: string
  readonly opsetImport: readonly { readonly domain: string; readonly version: bigint }[]
  readonly graph: GraphProto
}

/** The bytes of a model. */
export function encodeModel(model: ModelProto): Uint8Array {
  const type = modelType()
  return toBinary(type, create(type, { ...model }))
}
