import { photographs } from '../data/photographs.js'
import { filterShapes } from '../diagnostics/filterShape.js'
import { adam } from '../learning/optimizers/adam.js'
import { cosineRate } from '../learning/schedules/cosineRate.js'
import { convolutionalAutoEncoder } from '../models/convolutionalAutoEncoder.js'
import { localContrast } from '../preprocess/localContrast.js'
import type { Tensor } from '../tensor/tensor.js'
import { encoderBesideDecoder, type FilterPair } from '../views/encoderBesideDecoder.js'
import { formatNumber } from '../views/formatNumber.js'
import type { ReportNumber } from '../views/report.js'
import { filterDescriptions, summaryOfShapes } from './filterDescriptions.js'
import { keptImages, keptStep } from './keptImages.js'
import {
  claim,
  graphOptions,
  type LectureRun,
  learned,
  mean,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

const COUNTS = filterDescriptions.map(({ count }) => count)
const SIZE = 9
const LAMBDA = 2
const SIGMA = 2.5
const RATE = 0.01
const STEPS = 400
const FULL_STEPS = 5000
/** Encoder and decoder filters of a mean cosine above this look alike. */
const ALIKE = 0.6

export const autoencoderProgram = `import { convolutionalAutoEncoder, encoderBesideDecoder, localContrast, photographs, writePng } from 'energia'

const pairs = []
for (const kernels of [${COUNTS.join(', ')}]) {
  pairs.push(await convolutionalAutoEncoder({
    kernels, size: ${SIZE}, lambda: ${LAMBDA}, trainingSteps: ${STEPS}, transform: [localContrast({ sigma: ${SIGMA} })],
  }).fit(await photographs()))
}
await writePng('autoencoder.png', encoderBesideDecoder(pairs))`

/** System 11 of the lecture, figure 6: encoder filters beside decoder kernels, for 1 to 64 of them. */
export async function autoencoder(context: SectionContext): Promise<SectionResult> {
  const steps = context.full ? FULL_STEPS : STEPS
  const images = keptImages(await photographs())
  const transform = keptStep(localContrast({ sigma: SIGMA }))
  const pairs: FilterPair[] = []
  const numbers: ReportNumber[] = []
  const alike: number[] = []
  let held = 0
  // Time grows with the number of filters, but not from nothing.
  const weights = COUNTS.map((count) => 12 + count)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  for (const [place, { count, said, holds }] of filterDescriptions.entries()) {
    const before = weights.slice(0, place).reduce((sum, weight) => sum + weight, 0)
    const definition = convolutionalAutoEncoder({
      kernels: count,
      size: SIZE,
      lambda: LAMBDA,
      trainingSteps: steps,
      optimizer: adam({ learningRate: cosineRate({ rate: RATE, steps }) }),
      transform: [transform],
      ...graphOptions(context),
    })
    const fit = (run: LectureRun) =>
      definition.fit(images, {
        ...run,
        onProgress: ({ fraction, energy }) =>
          context.say(
            `learning ${count} ${count === 1 ? 'filter' : 'filters'}, energy ${energy.toFixed(1)}`,
            (before + weights[place] * fraction) / total,
          ),
      })
    const model = await learned(context, 'conv-autoencoder', fit, count)
    const { filters, kernels } = model
    model.dispose()
    pairs.push({ filters, kernels })
    alike.push(mean(cosines(filters, kernels)))
    const shapes = filterShapes(kernels)
    const verdict = holds(shapes)
    if (verdict) held++
    numbers.push({
      label: `${count} ${count === 1 ? 'filter' : 'filters'}: ${said}`,
      value: verdict ? 'holds' : 'does not hold',
      note: summaryOfShapes(shapes),
    })
  }
  numbers.push({
    label: 'Cosine of encoder and decoder filters',
    value: alike.map((cosine) => formatNumber(cosine, 2)).join(', '),
    note: 'mean of each auto-encoder’s filters, from 1 to 64 of them',
  })
  const pictures = { 'autoencoder.png': encoderBesideDecoder(pairs) }
  const least = Math.min(...alike)
  return {
    pictures,
    charts: {},
    ...reducedTo(
      context,
      `${STEPS} steps of learning for each number of filters, of ${FULL_STEPS.toLocaleString('en')}.`,
    ),
    section: {
      heading: 'An auto-encoder that is convolutional and sparse',
      prose: [
        `E(y, z) = ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − Enc(y)‖² with λ = ${LAMBDA} and β = 1: the encoder is a convolution, tanh and a gain for each map, the decoder a sum of kernels of ${SIZE}×${SIZE} and norm 1. Both are learned together from ${(16 * steps).toLocaleString('en')} crops of 25×25 of ${images.count} photographs whose contrast is normalized around each pixel (σ = ${SIGMA}).`,
        'Filters are named by what fits them: a difference of Gaussians (centre-surround), or a Gabor function with a few stripes (edge) or with many (grating); odd is what neither fits. A code has both signs here, so a kernel stands for both of its polarities.',
      ],
      claims: [
        claim(
          11,
          'Encoder and decoder filters look alike; one filter is centre-surround, two are odd shapes, four are horizontal and vertical edges in two polarities, eight are edges at several orientations, sixteen have more orientations and centre-surrounds, and 32 and 64 have gratings too.',
          held === COUNTS.length && least > ALIKE,
          `the description of the filters holds for ${held} of the ${COUNTS.length} numbers of them (each is listed below), and the cosine of encoder and decoder filters is ${formatNumber(least, 2)} or more.`,
        ),
      ],
      figures: [
        {
          picture: pictures['autoencoder.png'],
          width: 'full',
          caption:
            'Left the encoder’s filters, right the decoder’s kernels at the same places; 1, 2, 4, 8, 16, 32 and 64 of them. Zero is mid-grey.',
          alt: 'Two columns of grids of small pictures that look alike from left to right: blobs where there are few, edges and stripes at all angles where there are many',
        },
      ],
      numbers,
      program: autoencoderProgram,
    },
  }
}

/** Of each filter with its kernel, up to the sign of neither. */
function cosines({ shape, data }: Tensor, kernels: Tensor): number[] {
  const size = data.length / shape[0]
  return Array.from({ length: shape[0] }, (_, i) => {
    let [product, a, b] = [0, 0, 0]
    for (let p = i * size; p < (i + 1) * size; p++) {
      product += data[p] * kernels.data[p]
      a += data[p] ** 2
      b += kernels.data[p] ** 2
    }
    return a * b > 0 ? product / Math.sqrt(a * b) : 0
  })
}
