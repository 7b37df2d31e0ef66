import { photographs } from '../data/photographs.js'
import { atomUsage as countUses } from '../diagnostics/atomUsage.js'
import { gaborStatistics } from '../diagnostics/gaborStatistics.js'
import { sparsity } from '../diagnostics/sparsity.js'
import { sparseCoding } from '../models/sparseCoding.js'
import { centre } from '../preprocess/centre.js'
import { olshausen } from '../preprocess/olshausen.js'
import { patches } from '../preprocess/patches.js'
import { unitVariance } from '../preprocess/unitVariance.js'
import { energyOverTime } from '../views/energyOverTime.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { gaborChart } from '../views/gaborChart.js'
import { mosaic } from '../views/mosaic.js'
import type { ReportNumber } from '../views/report.js'
import {
  claim,
  codeNumbers,
  type LectureRun,
  learned,
  modelOptions,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

const ATOMS = 192
const PATCH = 12
const LAMBDA = 1.5
const EPOCHS = 30
const FULL_EPOCHS = 150
/** Patches that the measured numbers are about; others than those learned from. */
const MEASURED = 10_000

export const edgesProgram = `import { centre, mosaic, olshausen, photographs, sparseCoding, unitVariance, writePng } from 'energia'

const model = await sparseCoding({
  atoms: ${ATOMS}, lambda: ${LAMBDA}, patch: ${PATCH}, start: 'noise',
  transform: [olshausen()], preprocess: [centre(), unitVariance()],
}).fit(await photographs(), { epochs: ${EPOCHS} })
await writePng('edges.png', mosaic(model.atoms, { usage: model.usage }))`

/** System 9 of the lecture: oriented edges learned from patches of natural photographs. */
export async function edges(context: SectionContext): Promise<SectionResult> {
  const images = await photographs()
  context.say('whitening photographs', 0)
  const coding = sparseCoding({
    atoms: ATOMS,
    lambda: LAMBDA,
    patch: PATCH,
    start: 'noise',
    transform: [olshausen()],
    preprocess: [centre(), unitVariance()],
    ...modelOptions(context),
  })
  const fit = (run: LectureRun) =>
    coding.fit(images, {
      epochs: context.full ? FULL_EPOCHS : EPOCHS,
      ...run,
      onProgress: ({ fraction, energy, active }) => {
        context.say(`learning, energy ${energy.toFixed(3)}, ${active.toFixed(1)} active`, 0.75 * fraction)
      },
    })
  const model = await learned(context, 'sparse-coding', fit)
  context.say('coding fresh patches with a certificate', 0.78)
  const fresh = patches(images, { size: PATCH, count: MEASURED, seed: context.seed + 1, transform: [olshausen()] })
  const inference = await model.encode(fresh, context.signal ? { signal: context.signal } : {})
  const uses = countUses(inference.codes)
  context.say('fitting Gabor functions to the atoms', 0.85)
  const gabor = gaborStatistics(model.atoms)
  const pictures = { 'edges.png': mosaic(model.atoms, { usage: uses }) }
  const charts = {
    'edges-energy.svg': await energyOverTime([
      {
        name: 'training',
        at: model.history.map(({ seconds }) => seconds),
        energy: model.history.map(({ energy }) => energy),
      },
    ]),
    'edges-gabor.svg': await gaborChart(gabor.fits),
  }
  const numbers: ReportNumber[] = [
    ...codeNumbers({
      energy: inference.energy,
      gap: inference.gap!,
      active: sparsity(inference.codes).meanActive,
      inUse: uses.reduce((count, use) => count + (use > 0 ? 1 : 0), 0),
      atoms: ATOMS,
      seconds: model.history.at(-1)!.seconds,
    }),
    { label: 'Median R² of the Gabor fits', value: gabor.medianR2 },
    { label: 'Fits with R² above 0.7', value: formatShare(gabor.shareAbove07) },
    {
      label: 'Atoms in each of eight orientation bins',
      value: gabor.orientationBins.join(', '),
      note: 'of those with R² above 0.7; the first is horizontal',
    },
    {
      label: 'Median bandwidth',
      value: gabor.bandwidth.median,
      unit: 'octaves',
      note: 'Olshausen and Field reported a mean of 1.1',
    },
    {
      label: 'Median aspect ratio',
      value: gabor.aspectRatio.median,
      note: 'Olshausen and Field reported a mean of 1.3',
    },
  ]
  model.dispose()
  return {
    pictures,
    charts,
    ...reducedTo(context, `${EPOCHS} passes of fresh patches, of ${FULL_EPOCHS}.`),
    section: {
      heading: 'Oriented edges from photographs',
      prose: [
        `The same energy with λ = ${LAMBDA}, learned from random ${PATCH}×${PATCH} patches of ${images.count} photographs that were whitened as Olshausen and Field did; patches are centred and scaled to unit variance. The atoms began as noise.`,
        'They became oriented edges and bars, local, at all orientations and several scales: what simple cells of the visual cortex respond to.',
      ],
      figures: [
        {
          picture: pictures['edges.png'],
          caption: 'The atoms, most used first. Zero is mid-grey; each atom has its own scale.',
          alt: `A mosaic of ${ATOMS} small pictures, nearly all of them bright and dark bars side by side at various angles`,
        },
        {
          svg: charts['edges-gabor.svg'],
          caption: 'Orientation and frequency of the Gabor function fitted to each atom.',
          alt: 'Points in a half plane, at all angles',
        },
        { svg: charts['edges-energy.svg'], caption: 'Energy while learning.', alt: 'A falling curve that flattens' },
      ],
      claims: [
        claim(
          9,
          'Atoms of natural patches become oriented edges, as a Gabor function is, at all orientations.',
          gabor.medianR2 > 0.8 && gabor.orientationBins.every((bin) => bin > 0),
          `Gabor functions fit the atoms with a median R² of ${formatNumber(gabor.medianR2, 3)}, above 0.7 for ${formatShare(gabor.shareAbove07)}, and ${gabor.orientationBins.filter((bin) => bin > 0).length} of 8 bins of orientation are filled.`,
        ),
      ],
      numbers,
      program: edgesProgram,
    },
  }
}
