import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import { tensorReference } from '../artifacts/validate.js'
import type { Parameters } from '../energy/module.js'
import type { Tensor } from '../tensor/tensor.js'

/** Tensors under `prefix.`, as files hold them. */
export function stored(prefix: string, tensors: Parameters): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [`${prefix}.${name}`, storedTensor(data, [...shape])]),
  )
}

/** Tensors under `prefix.` from a file, of the names and shapes of others. Throws FileFormatError where one is not there. */
export function storedLike(
  prefix: string,
  like: Parameters,
  tensors: Readonly<Record<string, StoredTensor>>,
  file: string,
): Parameters {
  return Object.fromEntries(
    Object.entries(like).map(([name, { shape }]): [string, Tensor] => {
      const found = tensorReference(tensors, { dtype: 'F32', shape })(`${prefix}.${name}`, file)
      return [name, { shape, data: found.data }]
    }),
  )
}
