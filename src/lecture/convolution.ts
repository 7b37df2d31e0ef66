import { photographs } from '../data/photographs.js'
import { gaborStatistics } from '../diagnostics/gaborStatistics.js'
import { highPass } from '../preprocess/highPass.js'
import { formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import type { ReportNumber } from '../views/report.js'
import { studyKernels } from './kernels.js'
import { claim, reducedTo, type SectionContext, type SectionResult } from './section.js'

const KERNELS = 64
const SIZE = 9
const LAMBDA = 0.1
const CROP = 48
const CROPS = 120
const EPOCHS = 5
const FULL_EPOCHS = 30
/** Whole images that are coded, and their side. */
const SIDE = 192
const CODED = 3
const FULL_CODED = 7

export const convolutionProgram = `import { codesBesideKernels, convolutionalSparseCoding, highPass, photographs, writePng } from 'energia'

const images = await photographs()
const model = await convolutionalSparseCoding({
  kernels: ${KERNELS}, size: ${SIZE}, lambda: ${LAMBDA}, crop: ${CROP}, cropsPerEpoch: ${CROPS}, transform: [highPass()],
}).fit(images, { epochs: ${EPOCHS} })
for await (const { name, codeShape, inference } of model.encodeEach(images)) {
  await writePng(\`\${name}.png\`, codesBesideKernels(inference.codes, codeShape, model.kernels, { usage: model.usage }))
}`

/** System 10 of the lecture: kernels that explain whole photographs, with feature maps in the place of coefficients. */
export async function convolution(context: SectionContext): Promise<SectionResult> {
  const images = await photographs()
  const [epochs, coded] = context.full ? [FULL_EPOCHS, FULL_CODED] : [EPOCHS, CODED]
  const study = await studyKernels(context, images, {
    kernels: KERNELS,
    size: SIZE,
    lambda: LAMBDA,
    crop: CROP,
    cropsPerEpoch: CROPS,
    transform: [highPass()],
    epochs,
    side: SIDE,
    coded,
  })
  const { model, activeShare } = study
  context.say('fitting Gabor functions to the kernels', 0.96)
  const gabor = gaborStatistics(model.kernels)
  const pictures = {
    'convolution.png': mosaic(model.kernels, { usage: model.usage, border: 0 }),
    'convolution-codes.png': study.codes,
    'convolution-image.png': study.restored,
  }
  const filled = gabor.orientationBins.filter((bin) => bin > 0).length
  const about = claim(
    10,
    'Kernels that explain whole images become edges at all orientations, and few coefficients are active.',
    filled === 8 && activeShare < 0.05,
    `Gabor functions fit ${formatShare(gabor.shareAbove07)} of the kernels with R² above 0.7, they fill ${filled} of 8 bins of orientation, and ${formatShare(activeShare)} of the code is active.`,
  )
  model.dispose()
  const numbers: ReportNumber[] = [
    ...study.numbers,
    { label: 'Median R² of the Gabor fits', value: gabor.medianR2 },
    {
      label: 'Kernels in each of eight orientation bins',
      value: gabor.orientationBins.join(', '),
      note: 'of those with R² above 0.7; the first is horizontal',
    },
  ]
  return {
    pictures,
    charts: {},
    ...reducedTo(
      context,
      `${EPOCHS * CROPS} crops, of ${(FULL_EPOCHS * CROPS).toLocaleString('en')}, and ${CODED} photographs coded, of ${FULL_CODED}.`,
    ),
    section: {
      heading: 'Kernels that explain whole photographs',
      prose: [
        `E(Y, Z) = ½‖Y − Σᵢ Kᵢ * Zᵢ‖² + λ Σᵢ‖Zᵢ‖₁ with λ = ${LAMBDA}: a feature map for each kernel in the place of a coefficient. ${KERNELS} kernels of ${SIZE}×${SIZE} are learned from ${epochs * CROPS} random crops of ${CROP}×${CROP} pixels of ${images.count} photographs, whose smooth part is taken out first; then the middles of ${coded} photographs, ${SIDE} pixels wide, are coded.`,
        'An edge that lies across many places is one kernel at many places, where a dictionary of patches needs an atom for each place within the patch: kernels differ in what they show, not in where.',
      ],
      figures: [
        {
          picture: pictures['convolution-codes.png'],
          caption:
            'Left: the feature maps of one photograph, most used kernel first; zero is mid-grey, active coefficients are black or white. Right: the kernels, at the same places.',
          alt: `Two grids of ${KERNELS}: nearly empty maps with a few black and white points, and small pictures of edges and bars`,
        },
        {
          picture: pictures['convolution-image.png'],
          caption: 'The photograph, and the sum of its kernels with the smooth part put back.',
          alt: 'A photograph twice, the second a little softer',
        },
      ],
      claims: [about],
      numbers,
      program: convolutionProgram,
    },
  }
}
