import { readEmbedded } from '#data/files'
import { rng } from '../tensor/random.js'
import { sizeOf, type Tensor } from '../tensor/tensor.js'
import { decodeNumbers } from './elementType.js'
import { readIdx } from './idx.js'

/**
 * The 10,000 handwritten digits that come with Energia, classes mixed: always the same digits in the same order.
 * Observations [10000, 28, 28] in [0, 1], 0 is paper; labels 0 to 9. Source: MNIST (LeCun, Cortes and Burges); see DATA.md.
 */
export async function digits(): Promise<{ observations: Tensor; labels: Uint8Array }> {
  const [images, classes] = await Promise.all([
    readEmbedded('digits-images.idx.gz').then(readIdx),
    readEmbedded('digits-labels.idx.gz').then(readIdx),
  ])
  const count = images.shape[0]
  const width = sizeOf(images.shape.slice(1))
  const pixels = images.data as Uint8Array
  const order = rng(0).shuffle(Uint32Array.from({ length: count }, (_, i) => i))
  const data = new Float32Array(count * width)
  for (const [to, from] of order.entries()) {
    decodeNumbers(pixels.subarray(from * width, (from + 1) * width), 'u1', true, data, to * width)
  }
  return {
    observations: { shape: images.shape, data },
    labels: Uint8Array.from(order, (from) => Number(classes.data[from])),
  }
}
