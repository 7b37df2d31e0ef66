import { describe, expect, it } from 'vitest'
import { convolutionalEncoder, convolutionalSparseCoding, denoise, inpaint, tensor } from '../../src/index.js'

const image = tensor(
  [8, 8],
  Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
)
const batch = { shape: [1, 8, 8], data: image.data }
const kernels = { shape: [1, 3, 3], data: new Float32Array(9).fill(1 / 3) }
const settings = { kernels: 2, size: 3, lambda: 0.1 }
// What JavaScript lets through and types do not.
const misspelt = (name: string) => ({ [name]: 1 }) as object

describe('misspelt options are told of, not left out', () => {
  it.each<[string, () => unknown]>([
    ['boundry', () => convolutionalEncoder({ kernels, spatial: 2, lambda: 1, ...misspelt('boundry') })],
    [
      'tolerence',
      async () => (await convolutionalEncoder({ kernels, spatial: 2, lambda: 1 })).encode(image, misspelt('tolerence')),
    ],
    ['kernel', async () => convolutionalSparseCoding({ ...settings, ...misspelt('kernel') })],
    ['epoch', () => convolutionalSparseCoding(settings).fit(batch, misspelt('epoch'))],
    [
      'maxStep',
      async () =>
        (await convolutionalSparseCoding(settings).fit(batch, { epochs: 1 })).encode(batch, misspelt('maxStep')),
    ],
    ['sigm', () => denoise(image, misspelt('sigm'))],
    ['pass', () => inpaint(image, image, misspelt('pass'))],
  ])('%s', async (name, run) => {
    await expect(Promise.resolve().then(run)).rejects.toThrow(new RegExp(`has no option "${name}"`))
  })
})

it('data that are the name of a source are to be opened first', async () => {
  for (const given of ['photographs', null, undefined]) {
    const work = convolutionalSparseCoding(settings).fit(given as unknown as typeof batch, { epochs: 1 })
    await expect(work).rejects.toThrow(/Data are a tensor, images or observations.*openSource/)
  }
})
