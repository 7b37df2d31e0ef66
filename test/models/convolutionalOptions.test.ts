import { describe, expect, it } from 'vitest'
import {
  type Codes,
  convolutionalEncoder,
  convolutionalSparseCoding,
  decodeConvolutional,
  denoise,
  EnergiaError,
  inpaint,
  linearEncoder,
  loadModel,
  sparseCoding,
  type Tensor,
  tensor,
  windows,
} from '../../src/index.js'

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
  const work = convolutionalSparseCoding(settings).fit('photographs' as unknown as typeof batch, { epochs: 1 })
  await expect(work).rejects.toThrow(/Data must be a batch.*got "photographs".*openSource/)
})

describe('what is no tensor, no codes, no options or no path is told of in a sentence', () => {
  const none = undefined as unknown as Tensor
  const encoder = () => convolutionalEncoder({ kernels, spatial: 2, lambda: 1 })
  const model = () => convolutionalSparseCoding(settings).fit(batch, { epochs: 1 })
  const linear = () => sparseCoding({ atoms: 2, lambda: 0.1 }).fit(batch, { epochs: 1 })
  it.each<[string, () => unknown]>([
    ['an observation', async () => (await encoder()).encode(none)],
    ['an observation without data', async () => (await encoder()).encode({ shape: [8, 8] } as unknown as Tensor)],
    ['a list', async () => (await encoder()).encode([1, 2] as unknown as Tensor)],
    ['options', async () => (await encoder()).encode(image, null as unknown as object)],
    ['a mask', async () => (await encoder()).encode(image, { mask: 5 as unknown as Tensor })],
    ['codes to start from', async () => (await encoder()).encode(image, { warmStart: 3 as unknown as Codes })],
    ['an observation of λmax', async () => (await encoder()).lambdaMax(none)],
    ['a shape', async () => (await encoder()).codeShape(undefined as unknown as number[])],
    ['kernels', () => convolutionalEncoder({ spatial: 2, lambda: 1 } as Parameters<typeof convolutionalEncoder>[0])],
    [
      'codes to decode',
      async () =>
        decodeConvolutional(undefined as unknown as Codes, kernels, { boundary: 'same', shape: [8, 8], spatial: 2 }),
    ],
    ['data to code', async () => (await model()).encode(none)],
    ['empty data', async () => (await linear()).encode({} as Tensor)],
    ['data of a linear model', async () => (await linear()).encode(none)],
    ['codes of a linear model', async () => (await linear()).decode(none as unknown as Codes)],
    ['options of a linear model', async () => (await linear()).encode(batch, null as unknown as object)],
    ['codes of a model', async () => (await model()).decode(undefined as unknown as Codes, { shape: [8, 8] })],
    ['a shape to decode', async () => (await model()).decode((await (await model()).encode(batch)).codes, {} as never)],
    ['a folder', async () => (await model()).save(undefined as unknown as string)],
    ['a folder to load', () => loadModel(undefined as unknown as string)],
    ['held-out data', () => convolutionalSparseCoding(settings).fit(batch, { epochs: 1, heldOut: 5 as never })],
    ['a transform', async () => convolutionalSparseCoding({ ...settings, transform: 5 as never })],
    ['an image to denoise', () => denoise(none)],
    ['a mask to inpaint by', () => inpaint(image, none)],
    ['atoms', () => linearEncoder(undefined as never)],
    ['windows', () => windows(image, undefined as never)],
  ])('%s', async (_, run) => {
    const error = await Promise.resolve()
      .then(run)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(EnergiaError)
  })
})
