import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import { tensorReference } from '../artifacts/validate.js'
import { type ParameterShapes, type Parameters, shapesOf } from '../energy/module.js'
import { FileFormatError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'

/** Tensors under `prefix.`, as files hold them. */
export function stored(prefix: string, tensors: Parameters): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [`${prefix}.${name}`, storedTensor(data, [...shape])]),
  )
}

/** Tensors under `prefix.` from a file, of the names and shapes of others; see {@link storedOf}. */
export function storedLike(
  prefix: string,
  like: Parameters,
  tensors: Readonly<Record<string, StoredTensor>>,
  file: string,
): Parameters {
  return storedOf(prefix, shapesOf(like), tensors, file)
}

/** Tensors under `prefix.` from a file, of the names and shapes given. Throws FileFormatError where one is not there or not finite. */
export function storedOf(
  prefix: string,
  shapes: ParameterShapes,
  tensors: Readonly<Record<string, StoredTensor>>,
  file: string,
): Parameters {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]): [string, Tensor] => {
      const found = tensorReference(tensors, { dtype: 'F32', shape })(`${prefix}.${name}`, file)
      return [name, { shape, data: finite(`${prefix}.${name}`, found.data, file) }]
    }),
  )
}

/** Gives numbers of a file back. Throws {@link FileFormatError} with the tensor's name where one is NaN or infinite. */
export function finite<A extends Float32Array | Float64Array>(name: string, data: A, file: string): A {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new FileFormatError(
        `${file} holds ${data[i]} in the tensor "${name}"; its numbers must be finite. The file is damaged, or what it was learned from was.`,
      )
    }
  }
  return data
}
