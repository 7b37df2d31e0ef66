import { digits } from '../data/digits.js'
import { fromTensor } from '../data/fromTensor.js'
import { atomUsage as countUses } from '../diagnostics/atomUsage.js'
import { sparsity } from '../diagnostics/sparsity.js'
import { codeRows } from '../inference/codes.js'
import { sparseCoding } from '../models/sparseCoding.js'
import { centre } from '../preprocess/centre.js'
import { rows, type Tensor } from '../tensor/tensor.js'
import { activeHistogram } from '../views/activeHistogram.js'
import { atomUsage } from '../views/atomUsage.js'
import { codeValueHistogram } from '../views/codeValueHistogram.js'
import { decompositionSvg } from '../views/decomposition.js'
import { energyOverTime } from '../views/energyOverTime.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
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

const ATOMS = 256
const LAMBDA = 0.3
const EPOCHS = 12
const FULL_EPOCHS = 60
const TRAINING = 9000
/** A digit of the held-out part that is shown as the sum of its strokes. */
const SHOWN = 9007

export const strokesProgram = `import { centre, digits, mosaic, sparseCoding, writePng } from 'energia'

const { observations } = await digits()
const options = { atoms: ${ATOMS}, lambda: ${LAMBDA}, preprocess: [centre()], start: 'parts' }
const model = await sparseCoding(options).fit(observations, { epochs: ${EPOCHS} })
const { codes, energy, gap } = await model.encode(observations)
await writePng('strokes.png', mosaic(model.atoms, { usage: model.usage }))`

/** System 8 of the lecture: strokes learned from handwritten digits, and digits as sums of few strokes. */
export async function strokes(context: SectionContext): Promise<SectionResult> {
  const { observations } = await digits()
  const coding = sparseCoding({
    atoms: ATOMS,
    lambda: LAMBDA,
    preprocess: [centre()],
    start: 'parts',
    ...modelOptions(context),
  })
  const fit = (run: LectureRun) =>
    coding.fit(fromTensor(rows(observations, 0, TRAINING), 'digits, the first 9,000'), {
      epochs: context.full ? FULL_EPOCHS : EPOCHS,
      heldOut: rows(observations, TRAINING, observations.shape[0]),
      ...run,
      onProgress: ({ fraction, energy, active }) => {
        context.say(`learning, energy ${energy.toFixed(3)}, ${active.toFixed(1)} active`, 0.8 * fraction)
      },
    })
  const model = await learned(context, 'sparse-coding', fit)
  context.say('coding every digit with a certificate', 0.85)
  const inference = await model.encode(observations, context.signal ? { signal: context.signal } : {})
  const { codes, energy } = inference
  const uses = countUses(codes)
  const centred = model.preprocess.apply(rows(observations, SHOWN, SHOWN + 1)).output
  const pictures = {
    'strokes.png': mosaic(model.atoms, { usage: uses }),
  }
  const trained = model.history.map((point) => ({ at: point.seconds, energy: point.energy }))
  const held = model.history.filter((point) => point.heldOutEnergy !== undefined)
  const charts = {
    'digit-as-strokes.svg': await decompositionSvg(
      { shape: centred.shape.slice(1), data: centred.data },
      codeRows(codes, SHOWN, SHOWN + 1),
      model.atoms,
      { top: 14, columns: 4 },
    ),
    'strokes-energy.svg': await energyOverTime([
      { name: 'training', at: trained.map(({ at }) => at), energy: trained.map((point) => point.energy) },
      { name: 'held out', at: held.map(({ seconds }) => seconds), energy: held.map((point) => point.heldOutEnergy!) },
    ]),
    'strokes-values.svg': await codeValueHistogram(codes),
    'strokes-active.svg': await activeHistogram(codes),
    'strokes-usage.svg': await atomUsage(uses, { observations: observations.shape[0] }),
  }
  const active = sparsity(codes).meanActive
  const inUse = uses.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)
  const local = localShare(model.atoms)
  const numbers = codeNumbers({
    energy,
    gap: inference.gap!,
    active,
    inUse,
    atoms: ATOMS,
    seconds: model.history.at(-1)!.seconds,
  })
  model.dispose()
  return {
    pictures,
    charts,
    ...reducedTo(context, `${EPOCHS} passes through the digits, of ${FULL_EPOCHS}.`),
    section: {
      heading: 'Strokes from handwritten digits',
      prose: [
        `Sparse coding, E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ with λ = ${LAMBDA}, learned ${ATOMS} atoms from ${TRAINING.toLocaleString('en')} real digits; ${(observations.shape[0] - TRAINING).toLocaleString('en')} more were held out. Each digit is then the sum of a few atoms.`,
        'Atoms are strokes: local, brighter on one side and darker on the other, with some loops and nearly whole digits among them. Atoms began as parts of digits, each pixel’s mean over its digit was taken away, and every atom is kept at unit norm.',
      ],
      figures: [
        {
          picture: pictures['strokes.png'],
          caption: 'The atoms, most used first. Zero is mid-grey; each atom has its own scale.',
          alt: 'A mosaic of 256 small pictures, most of them short bright strokes with dark borders on grey',
        },
        {
          svg: charts['digit-as-strokes.svg'],
          width: 'full',
          caption: 'A held-out digit, its reconstruction, and the strokes it is the sum of, with their coefficients.',
          alt: 'A digit, nearly the same digit again, and the strokes that add up to it',
        },
        {
          svg: charts['strokes-energy.svg'],
          caption: 'Energy while learning.',
          alt: 'Two falling curves that flatten',
        },
        {
          svg: charts['strokes-active.svg'],
          caption: 'How many atoms a digit uses.',
          alt: 'A histogram with one peak',
        },
        {
          svg: charts['strokes-values.svg'],
          caption: 'Values of active coefficients.',
          alt: 'A histogram falling away from zero on both sides',
        },
        {
          svg: charts['strokes-usage.svg'],
          caption: 'How often each atom is used.',
          alt: 'A curve that falls from the most to the least used atom',
        },
      ],
      claims: [
        claim(
          8,
          'Atoms of digits become localized strokes, some loops and nearly whole digits among them, hardly any of them dead, and few of them make a digit.',
          inUse >= 0.98 * ATOMS && active < 0.15 * ATOMS && local > 0.8,
          `${inUse} of ${ATOMS} atoms are in use, ${formatShare(local)} have most of their energy within a disk of a fifth of the picture, and a digit is the sum of ${formatNumber(active, 3)}.`,
        ),
      ],
      numbers,
      program: strokesProgram,
    },
  }
}

/** The share of atoms [k, h, w] with more than half of their energy within a disk of a fifth of the picture around its centre. */
function localShare({ shape: [count, height, width], data }: Tensor): number {
  const reach = (height * width) / 5 / Math.PI
  let local = 0
  for (let j = 0; j < count; j++) {
    const energies = data.subarray(j * height * width, (j + 1) * height * width).map((value) => value * value)
    const total = energies.reduce((sum, energy) => sum + energy, 0)
    let [cy, cx] = [0, 0]
    energies.forEach((energy, p) => {
      cy += (energy * Math.floor(p / width)) / total
      cx += (energy * (p % width)) / total
    })
    const within = (p: number) => (Math.floor(p / width) - cy) ** 2 + ((p % width) - cx) ** 2 <= reach
    const inside = energies.reduce((sum, energy, p) => sum + (within(p) ? energy : 0), 0)
    if (inside > total / 2) local++
  }
  return count === 0 ? 0 : local / count
}
