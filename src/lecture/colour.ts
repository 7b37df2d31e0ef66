import { deadLeaves } from '../data/deadLeaves.js'
import type { Images } from '../data/observations.js'
import type { Picture } from '../data/picture.js'
import { kernelColours } from '../diagnostics/kernelColours.js'
import { psnr } from '../diagnostics/psnr.js'
import { adam } from '../learning/optimizers/adam.js'
import { cosineRate } from '../learning/schedules/cosineRate.js'
import { convolutionalAutoEncoder } from '../models/convolutionalAutoEncoder.js'
import type { ConvolutionalAutoEncoderModel } from '../models/convolutionalAutoEncoderModel.js'
import { convolutionalSparseCoding } from '../models/convolutionalSparseCoding.js'
import { highPass } from '../preprocess/highPass.js'
import { ConfigurationError, ConvergenceError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { beforeAfter } from '../views/beforeAfter.js'
import { codesBesideKernels } from '../views/codesBesideKernels.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import type { ReportNumber } from '../views/report.js'
import { keptImages, keptStep } from './keptImages.js'
import { middlesOf } from './kernels.js'
import {
  claim,
  graphOptions,
  type LectureRun,
  learned,
  mean,
  modelOptions,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

const KERNELS = 64
const SIZE = 9
/** Of the kernels that the auto-encoder begins with, and of the auto-encoder. */
const FIRST_LAMBDA = 0.06
const LAMBDA = 0.1
const CROP = 48
const CROPS = 80
const EPOCHS = 2
const FULL_EPOCHS = 4
const STEPS = 150
const FULL_STEPS = 1000
const INFERENCE_STEPS = 12
const RATE = 0.004
/** Of crops of 25×25, whose smooth part is taken out. */
const DEVIATION = 0.03
const SIDE = 128
const CODED = 3
/** The relative gap of the exact codes beside those of the encoder. */
const GAP = 1e-3

export const colourProgram = `import { codesBesideKernels, convolutionalAutoEncoder, convolutionalSparseCoding, highPass, openSource, writePng } from 'energia'

const { images } = await openSource('photographs-in-colour/', { colour: true })
const options = { kernels: ${KERNELS}, size: ${SIZE}, transform: [highPass()] }
const { kernels } = await convolutionalSparseCoding({ ...options, lambda: ${FIRST_LAMBDA}, crop: ${CROP}, cropsPerEpoch: ${CROPS} }).fit(images, { epochs: ${EPOCHS} })
const encoder = { encoder: 'conv-shrink', firstKernels: kernels, lambda: ${LAMBDA}, minimumDeviation: ${DEVIATION}, trainingSteps: ${STEPS} }
const model = await convolutionalAutoEncoder({ ...options, ...encoder }).fit(images)
for await (const { name, codeShape, inference } of model.encodeEach(images)) {
  await writePng(\`\${name}.png\`, codesBesideKernels(inference.codes, codeShape, model.kernels))
}`

/** System 12 of the lecture, figure 7: 64 kernels of 9×9×3 beside the sparse code of an image in colour by their encoder. */
export async function colour(context: SectionContext): Promise<SectionResult> {
  const images = context.colours ?? keptImages(colourLeaves(context.seed))
  if (images.channels !== 3) {
    throw new ConfigurationError(`${images.name} holds grey images; open them in colour (colour: true).`)
  }
  const [epochs, steps] = context.full ? [FULL_EPOCHS, FULL_STEPS] : [EPOCHS, STEPS]
  const model = await learnedEncoder(context, images, epochs, steps)
  const study = await codesOfBoth(context, model, middlesOf(images, SIDE, CODED))
  const { grey, coloured, opponent } = kernelColours(model.kernels)
  const pictures = {
    'colour.png': mosaic(model.kernels, { border: 0 }),
    'colour-codes.png': study.encoder.picture,
    'colour-exact.png': study.exact.picture,
    'colour-image.png': study.restored,
  }
  model.dispose()
  const share = study.encoder.activeShare
  const about = claim(
    12,
    'About half of the kernels are grey edges and about half are smooth colours, a few of them pairs of opponent colours, and 1 to 2 % of the code is active.',
    grey >= KERNELS / 3 && coloured >= KERNELS / 3 && opponent > 0 && share > 0.008 && share < 0.025,
    `${grey} of ${KERNELS} kernels are grey and ${coloured} coloured, ${opponent} of these set a colour against its opposite, and ${formatShare(share)} of the encoder’s code is active, ${formatShare(study.exact.activeShare)} of the exact one.`,
  )
  const numbers: ReportNumber[] = [
    { label: 'Active share of the encoder’s codes', value: 100 * share, unit: '%' },
    { label: 'Active share of the exact codes', value: 100 * study.exact.activeShare, unit: '%' },
    {
      label: 'Energy of the encoder’s codes over that of the exact ones',
      value: study.encoder.energy / study.exact.energy,
      note: `of the same kernels; exact to a relative gap of ${GAP}`,
    },
    { label: 'PSNR of the sum of kernels, exact codes', value: study.quality, unit: 'dB' },
    { label: 'Grey kernels', value: grey, note: 'less than a tenth of their energy is colour' },
    { label: 'Coloured kernels', value: coloured },
    { label: 'Kernels of opponent colours', value: opponent, note: 'among the coloured' },
    { label: 'Learning of the auto-encoder', value: model.history.at(-1)?.seconds ?? 0, unit: 's' },
  ]
  const source = context.colours
    ? `${images.count} images of ${images.name}`
    : 'made-up images: opaque disks of all sizes in colours that vary less than their brightness, as in photographs (the photographs that come with Energia are tinted prints; energia lecture --colours takes a folder of real ones)'
  return {
    pictures,
    charts: {},
    ...reducedTo(
      context,
      `${STEPS} steps of learning, of ${FULL_STEPS.toLocaleString('en')}, from kernels of ${EPOCHS * CROPS} crops, of ${FULL_EPOCHS * CROPS}.`,
    ),
    section: {
      heading: 'Kernels in colour',
      prose: [
        `The convolutional sparse auto-encoder with kernels of ${SIZE}×${SIZE}×3 and λ = ${LAMBDA}, one code for the three channels. It begins with kernels of convolutional sparse coding, learned from ${epochs * CROPS} crops, and learns these and its encoder, shrink(F ⋆ y, θ), in ${steps} steps together, from ${source}. Their smooth part is taken out first.`,
        'The encoder gives its code in one pass, each map from its own filter alone; where several kernels could explain the same place it cannot choose one as the exact code does.',
      ],
      figures: [
        {
          picture: pictures['colour-codes.png'],
          caption:
            'Left: the sparse code of one image by the encoder, a map for each kernel. Right: the kernels in colour.',
          alt: `Two grids of ${KERNELS}: nearly empty maps, and small pictures of grey edges and of colours`,
        },
        {
          picture: pictures['colour-exact.png'],
          caption: 'The same with the exact code, for which the encoder’s was the start.',
          alt: `Two grids of ${KERNELS}: maps with fewer points than before, and the same kernels`,
        },
        {
          picture: pictures['colour-image.png'],
          caption: 'The image, and the sums of its kernels with the smooth part put back.',
          alt: 'An image in colour three times, the second and third a little softer',
        },
      ],
      claims: [about],
      numbers,
      program: colourProgram,
    },
  }
}

/** The auto-encoder, which begins with kernels of convolutional sparse coding. */
async function learnedEncoder(
  context: SectionContext,
  images: Images,
  epochs: number,
  steps: number,
): Promise<ConvolutionalAutoEncoderModel> {
  const common = { kernels: KERNELS, size: SIZE, transform: [keptStep(highPass())] }
  const coding = convolutionalSparseCoding({
    ...common,
    lambda: FIRST_LAMBDA,
    crop: CROP,
    cropsPerEpoch: CROPS,
    ...modelOptions(context),
  })
  const first = (run: LectureRun) =>
    coding.fit(images, {
      epochs,
      ...run,
      onProgress: ({ fraction, energy }) =>
        context.say(`learning first kernels, energy ${energy.toFixed(2)}`, 0.5 * fraction),
    })
  const started = await learned(context, 'conv-sparse-coding', first, 'first')
  const { kernels } = started
  started.dispose()
  const definition = convolutionalAutoEncoder({
    ...common,
    encoder: 'conv-shrink',
    firstKernels: kernels,
    lambda: LAMBDA,
    minimumDeviation: DEVIATION,
    trainingSteps: steps,
    inferenceSteps: INFERENCE_STEPS,
    optimizer: adam({ learningRate: cosineRate({ rate: RATE, steps }) }),
    ...graphOptions(context),
  })
  const fit = (run: LectureRun) =>
    definition.fit(images, {
      ...run,
      onProgress: ({ fraction, energy, activeShare }) =>
        context.say(
          `learning, energy ${energy.toFixed(2)}, ${(100 * activeShare).toFixed(1)} % active`,
          0.5 + 0.35 * fraction,
        ),
    })
  return learned(context, 'conv-autoencoder', fit)
}

/** What codes of one kind are, of all images together; the picture is of the first. */
interface ColourCodes {
  readonly activeShare: number
  readonly energy: number
  readonly picture: Picture
}

/** Codes of images by the encoder, and the exact ones of its kernels. */
async function codesOfBoth(context: SectionContext, model: ConvolutionalAutoEncoderModel, images: Images) {
  const kinds: ColourCodes[] = []
  const firsts: Tensor[] = []
  const qualities: number[][] = []
  for (const [kind, options] of [{}, { refine: GAP }].entries()) {
    let [active, coefficients, energy] = [0, 0, 0]
    let picture: Picture | undefined
    const quality: number[] = []
    for await (const coded of model.encodeEach(images, {
      ...options,
      ...(context.signal ? { signal: context.signal } : {}),
    })) {
      const { inference, codeShape, shape, context: taken, index } = coded
      active += inference.codes.indices.length
      coefficients += inference.codes.shape[1]
      energy += inference.energy[0]
      const decoded = await model.decode(inference.codes, { shape, context: taken })
      quality.push(psnr(decoded, await images.image(index)))
      if (picture === undefined) firsts.push(decoded)
      picture ??= codesBesideKernels(inference.codes, codeShape, model.kernels)
      context.say(
        `coding whole images, ${quality.length} of ${images.count}`,
        0.85 + 0.07 * (kind + quality.length / (images.count ?? CODED)),
      )
    }
    if (picture === undefined) throw new ConvergenceError(`No image of ${images.name} was coded.`)
    kinds.push({ activeShare: active / coefficients, energy, picture })
    qualities.push(quality)
  }
  const [encoder, exact] = kinds
  const detail = (kind: number) => `${formatNumber(qualities[kind][0], 4)} dB`
  return {
    encoder,
    exact,
    quality: mean(qualities[1]),
    restored: beforeAfter([
      { image: await images.image(0), label: 'image' },
      { image: firsts[0], label: 'encoder', detail: detail(0) },
      { image: firsts[1], label: 'exact', detail: detail(1) },
    ]),
  }
}

/** How much colours vary beside brightness, about as much as in photographs. */
const MUTED = 0.35

/** Dead leaves in muted colours. */
function colourLeaves(seed: number): Images {
  const leaves = deadLeaves({ width: 192, height: 192, count: 24, seed, colour: true, smallest: 5 })
  return {
    ...leaves,
    name: 'dead leaves in colour',
    async image(index) {
      const { shape, data } = await leaves.image(index)
      const out = new Float32Array(data.length)
      for (let p = 0; p < data.length; p += 3) {
        const light = (data[p] + data[p + 1] + data[p + 2]) / 3
        for (let c = 0; c < 3; c++) out[p + c] = light + MUTED * (data[p + c] - light)
      }
      return { shape, data: out }
    },
  }
}
