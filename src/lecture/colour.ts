import { deadLeaves } from '../data/deadLeaves.js'
import type { Images } from '../data/observations.js'
import { kernelColours } from '../diagnostics/kernelColours.js'
import { highPass } from '../preprocess/highPass.js'
import { ConfigurationError } from '../tensor/errors.js'
import { formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import type { ReportNumber } from '../views/report.js'
import { studyKernels } from './kernels.js'
import { claim, type SectionContext, type SectionResult } from './section.js'

const KERNELS = 64
const SIZE = 9
const LAMBDA = 0.06
/** Of the high-pass: ten times the usual one, so that colours that change slowly over a kernel stay. */
const STRENGTH = 100
const CROP = 48
const CROPS = 80
const EPOCHS = 3
const SIDE = 128
const CODED = 3

export const colourProgram = `import { codesBesideKernels, convolutionalSparseCoding, highPass, openSource, writePng } from 'energia'

const source = await openSource('photographs-in-colour/', { colour: true })
if (source.kind !== 'images') throw new Error('no images')
const model = await convolutionalSparseCoding({
  kernels: ${KERNELS}, size: ${SIZE}, lambda: ${LAMBDA}, crop: ${CROP}, cropsPerEpoch: ${CROPS},
  transform: [highPass({ strength: ${STRENGTH} })],
}).fit(source.images, { epochs: ${EPOCHS} })
for await (const { name, codeShape, inference } of model.encodeEach(source.images)) {
  await writePng(\`\${name}.png\`, codesBesideKernels(inference.codes, codeShape, model.kernels, { usage: model.usage }))
}`

/** System 12 of the lecture, figure 7: 64 kernels of 9×9×3 beside the sparse code of an image in colour. */
export async function colour(context: SectionContext): Promise<SectionResult> {
  const images = context.colours ?? colourLeaves(context.seed)
  if (images.channels !== 3) {
    throw new ConfigurationError(`${images.name} holds grey images; open them in colour (colour: true).`)
  }
  const study = await studyKernels(context, images, {
    kernels: KERNELS,
    size: SIZE,
    lambda: LAMBDA,
    crop: CROP,
    cropsPerEpoch: CROPS,
    transform: [highPass({ strength: STRENGTH })],
    epochs: EPOCHS,
    side: SIDE,
    coded: CODED,
  })
  const { model, activeShare } = study
  const { grey, coloured, opponent } = kernelColours(model.kernels)
  const pictures = {
    'colour.png': mosaic(model.kernels, { usage: model.usage, border: 0 }),
    'colour-codes.png': study.codes,
    'colour-image.png': study.restored,
  }
  model.dispose()
  const about = claim(
    12,
    'About half of the kernels are grey edges and about half are smooth colours, a few of them pairs of opponent colours, and 1 to 2 % of the code is active.',
    grey >= KERNELS / 3 && coloured >= KERNELS / 3 && opponent > 0 && activeShare > 0.008 && activeShare < 0.025,
    `${grey} of ${KERNELS} kernels are grey and ${coloured} coloured, ${opponent} of these set a colour against its opposite, and ${formatShare(activeShare)} of the code is active.`,
  )
  const numbers: ReportNumber[] = [
    ...study.numbers,
    { label: 'Grey kernels', value: grey, note: 'less than a tenth of their energy is colour' },
    { label: 'Coloured kernels', value: coloured },
    { label: 'Kernels of opponent colours', value: opponent, note: 'among the coloured' },
  ]
  const source = context.colours
    ? `${images.count} images of ${images.name}`
    : 'made-up images: opaque disks of all sizes in colours that vary less than their brightness, as in photographs (the photographs that come with Energia are tinted prints; energia lecture --colours takes a folder of real ones)'
  return {
    pictures,
    charts: {},
    section: {
      heading: 'Kernels in colour',
      prose: [
        `The same energy with kernels of ${SIZE}×${SIZE}×3 and λ = ${LAMBDA}, one code for the three channels, learned from ${EPOCHS * CROPS} crops of ${source}.`,
      ],
      figures: [
        {
          picture: pictures['colour-codes.png'],
          caption: 'Left: the sparse code of one image, a map for each kernel. Right: the kernels in colour.',
          alt: `Two grids of ${KERNELS}: nearly empty maps, and small pictures of grey edges and of colours`,
        },
        {
          picture: pictures['colour-image.png'],
          caption: 'The image, and the sum of its kernels with the smooth part put back.',
          alt: 'An image in colour twice, the second a little softer',
        },
      ],
      claims: [about],
      numbers,
      program: colourProgram,
    },
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
