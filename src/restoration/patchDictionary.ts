import { photographs } from '../data/photographs.js'
import { sparseCoding } from '../models/sparseCoding.js'
import type { SparseCodingModel } from '../models/sparseCodingModel.js'
import { centre } from '../preprocess/centre.js'
import { patchSize } from '../preprocess/patchSize.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor, takeRows } from '../tensor/tensor.js'
import { ImagePatches } from './imagePatches.js'
import { checkPhotographChannels, isTensor, type RestorationOptions } from './restoration.js'

/** Patches learned from, each seen so often that learning sees about {@link SEEN}. */
const SAMPLE = 65_536
const SEEN = 200_000
const ATOMS = 256
const SIDE = 8
const BATCH = 1024
/** What a clean photograph is taken to hold beside its atoms; in units of pixels from 0 to 1. */
const PHOTOGRAPH_LAMBDA = 0.1
/** Share of a patch that must have been observed to be learned from, where pixels are missing. */
const LEAST_OBSERVED = 1 / 16

/** How atoms are learned from an image. */
export interface PatchLearning {
  readonly lambda: number
  /** Of the image's shape. */
  readonly mask?: Tensor
  readonly onProgress: (part: number) => void
}

/** Atoms learned from the overlapping patches of an image, each less its mean; from what was observed of them, where there is a mask. */
export async function learnAtoms(image: Tensor, options: RestorationOptions, learning: PatchLearning): Promise<Tensor> {
  const { atoms = ATOMS, seed = 0, patch = SIDE } = options
  const source = new ImagePatches(image, patch)
  let chosen = source.sample(SAMPLE, seed)
  let hidden: { mask: Tensor } | undefined
  if (learning.mask) {
    const mask = new ImagePatches(learning.mask, patch).cut(chosen)
    const { size } = source
    const observed = (i: number) => mask.data.subarray(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0)
    const kept = [...chosen.keys()].filter((i) => observed(i) >= Math.max(1, LEAST_OBSERVED * size))
    if (kept.length === 0) {
      throw new DataError(
        `In no patch of ${formatShape(patchSize(patch))} was a 16th of the pixels observed, too little to learn atoms from; take larger patches, or a dictionary that is not learned on the image.`,
      )
    }
    hidden = { mask: takeRows(mask, kept) }
    chosen = Uint32Array.from(kept, (i) => chosen[i])
  }
  const { patches } = source.centred(chosen)
  const epochs = Math.max(1, Math.round(SEEN / patches.shape[0]))
  return fitted(
    sparseCoding({ ...coding(options, atoms, seed), lambda: learning.lambda }).fit(patches, {
      // A small image has few patches; its passes are short.
      epochs: Math.min(epochs, 50),
      ...hidden,
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: ({ fraction }) => learning.onProgress(fraction),
    }),
  )
}

const coding = ({ threads }: RestorationOptions, atoms: number, seed: number) => ({
  atoms,
  seed,
  batchSize: BATCH,
  ...(threads === undefined ? {} : { threads }),
})

async function fitted(learning: Promise<SparseCodingModel>): Promise<Tensor> {
  const model = await learning
  model.dispose()
  return model.atoms
}

/** Atoms that do not come from the image: given, or learned on the photographs; undefined where the image's own are wanted. */
export async function otherAtoms(
  image: Tensor,
  options: RestorationOptions,
  onProgress: (part: number) => void,
): Promise<Tensor | undefined> {
  const { dictionary = 'itself', patch = SIDE, atoms = ATOMS, seed = 0, signal } = options
  if (dictionary === 'itself') return undefined
  const channels = image.shape.slice(2)
  if (dictionary === 'photographs') {
    checkPhotographChannels(channels)
    return fitted(
      sparseCoding({
        ...coding(options, atoms, seed),
        lambda: PHOTOGRAPH_LAMBDA,
        patch: patchSize(patch),
        patchesPerEpoch: SAMPLE,
        preprocess: [centre()],
      }).fit(await photographs({ colour: channels.length > 0 }), {
        epochs: Math.ceil(SEEN / SAMPLE),
        ...(signal ? { signal } : {}),
        onProgress: ({ fraction }) => onProgress(fraction),
      }),
    )
  }
  if (!isTensor(dictionary) && dictionary.kind !== 'sparse-coding') {
    throw new ConfigurationError(
      `Patches need a model of sparse coding; got one of ${dictionary.kind} (method: convolutional).`,
    )
  }
  if (!isTensor(dictionary)) checkPixels(dictionary)
  const given = isTensor(dictionary) ? dictionary : dictionary.atoms
  const fits = given.shape.length === 3 + channels.length && given.shape.slice(3).every((c, i) => c === channels[i])
  if (!fits) {
    throw new ShapeError(
      `Atoms of ${formatShape(given.shape.slice(1))} do not fit an image of ${formatShape(image.shape)}; patches of it are [h, w${channels.map((c) => `, ${c}`).join('')}].`,
    )
  }
  return given
}

/** Throws {@link ConfigurationError} where a model's atoms are not made of pixels less their mean. */
function checkPixels({ settings: { input, preprocess } }: SparseCodingModel): void {
  const stepsOf = ({ steps }: StepConfig) => (Array.isArray(steps) ? steps : [])
  const steps = [...(input.kind === 'images' ? stepsOf(input.transform) : []), ...stepsOf(preprocess)]
  const other = steps.find(({ kind }: { kind: string }) => kind !== 'centre')
  if (other !== undefined) {
    throw new ConfigurationError(
      `The model's atoms are of patches after ${other.kind}; a restoration works on pixels: learn with centring alone.`,
    )
  }
}
