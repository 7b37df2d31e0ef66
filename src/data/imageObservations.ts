import { DataError } from '../tensor/errors.js'
import { formatShape, sameShape, sizeOf } from '../tensor/tensor.js'
import type { Images, Observations } from './observations.js'
import { checkCancelled, indexedObservations } from './passes.js'

/** Images that can tell their size [height, width] without being decoded. */
export type SizedImages = Images & { size?(index: number): Promise<readonly [number, number]> }

/**
 * Images of one size as observations [n, h, w] or [n, h, w, 3]. Throws {@link DataError}, naming the image, where one
 * has another size than the first: before any pass where sizes can be told, else when it is met.
 */
export async function imageObservations(
  images: SizedImages,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Observations> {
  const { name, count } = images
  if (count === 0) throw new DataError(`${name} holds no images.`)
  const first = await images.image(0)
  const differs = (index: number, shape: readonly number[]) =>
    new DataError(
      `${name} holds images of unequal sizes: ${images.label(0)} is ${formatShape(first.shape)}, ${images.label(index)} is ${formatShape(shape)}. ` +
        'Bring all to one size, or use patches of them where a model learns from patches (--patch 16).',
    )
  if (images.size !== undefined) {
    for (let index = 1; index < count; index++) {
      checkCancelled(options.signal, name)
      const size = await images.size(index)
      if (!sameShape(size, first.shape.slice(0, 2))) throw differs(index, [...size, ...first.shape.slice(2)])
    }
  }
  return indexedObservations({
    name,
    shape: first.shape,
    count,
    open: async () => ({
      async take(indices) {
        const width = sizeOf(first.shape)
        const pieces: Float32Array[] = []
        for (const index of indices) {
          const image = await images.image(index)
          if (!sameShape(image.shape, first.shape)) throw differs(index, image.shape)
          pieces.push(image.data)
        }
        const out = new Float32Array(pieces.length * width)
        for (const [i, piece] of pieces.entries()) out.set(piece, i * width)
        return out
      },
      close: async () => {},
    }),
  })
}
