import { add, input } from '../graph/index.js'
import { encodeOnnx } from '../graph/onnx/encodeOnnx.js'

/** The smallest graph there is, x + 1: whether a session of it can be made tells whether a device is there. */
export function probeGraph(): Uint8Array {
  return encodeOnnx({ outputs: { y: add(input('x', [1]), 1) } })
}
