import { ConfigurationError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'

/** Height and width of a patch in pixels; one number for both. */
export type PatchSize = number | readonly [height: number, width: number]

/** Height and width, checked. Throws {@link ConfigurationError} unless both are whole numbers ≥ 1. */
export function patchSize(size: PatchSize): [height: number, width: number] {
  const [height, width] = typeof size === 'number' ? [size, size] : size
  for (const extent of [height, width]) {
    if (!Number.isInteger(extent) || extent < 1 || extent > 0xffff) {
      throw new ConfigurationError(`A patch needs whole sizes of 1 to 65535 pixels; got ${JSON.stringify(size)}.`)
    }
  }
  return [height, width]
}

/** Copies the patch whose first pixel is (`row`, `column`) of an image [h, w] or [h, w, c] to `out` at `offset`. */
export function cutPatch(
  image: Tensor,
  row: number,
  column: number,
  [height, width]: readonly [number, number],
  out: Float32Array,
  offset: number,
): void {
  const channels = image.shape[2] ?? 1
  const stride = image.shape[1] * channels
  const line = width * channels
  for (let y = 0; y < height; y++) {
    const from = (row + y) * stride + column * channels
    out.set(image.data.subarray(from, from + line), offset + y * line)
  }
}
