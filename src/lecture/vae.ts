import { digits } from '../data/digits.js'
import { adam } from '../learning/optimizers/adam.js'
import { variationalAutoEncoder } from '../models/variationalAutoEncoder.js'
import { rows, type Tensor } from '../tensor/tensor.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { latentGrid, latentGridCodes } from '../views/latentGrid.js'
import { latentScatter } from '../views/latentScatter.js'
import { reconstructions } from '../views/reconstructions.js'
import type { ReportNumber } from '../views/report.js'
import { samples } from '../views/samples.js'
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

const TRAINING = 9000
/** Numbers in a code: many for good pictures, two to look at the codes themselves. */
const CODES = [10, 2]
const EPOCHS = 10
const FULL_EPOCHS = 100
const SAMPLES = 80
/** The share of nearest neighbours that are one digit by chance: ten classes of about one size. */
const CHANCE = 0.1
/** The factor within which two mean squares are about the same. */
const ALIKE = 1.5

export const vaeProgram = `import { adam, digits, latentGrid, latentGridCodes, variationalAutoEncoder, writePng } from 'energia'

const { observations } = await digits()
const model = await variationalAutoEncoder({
  latent: 2, hidden: [256], optimizer: adam({ learningRate: 0.002 }), batchSize: 100,
}).fit(observations, { epochs: ${EPOCHS} })
const { reconstruction, kl, elbo, logLikelihood } = await model.evaluate(observations)
await writePng('plane.png', latentGrid(await model.decode(latentGridCodes())))`

/** System 14 of the lecture: a variational auto-encoder of digits, its samples and its plane of codes. */
export async function vae(context: SectionContext): Promise<SectionResult> {
  const { observations, labels } = await digits()
  const heldOut = rows(observations, TRAINING, observations.shape[0])
  const epochs = context.full ? FULL_EPOCHS : EPOCHS
  const learn = async (latent: number, place: number) => {
    const definition = variationalAutoEncoder({
      latent,
      hidden: [latent === 2 ? 256 : 400],
      optimizer: adam({ learningRate: 0.002 }),
      batchSize: 100,
      ...graphOptions(context),
    })
    const fit = (run: LectureRun) =>
      definition.fit(rows(observations, 0, TRAINING), {
        epochs,
        ...run,
        onProgress: ({ fraction, energy }) =>
          context.say(
            `learning codes of ${latent} numbers, energy ${formatNumber(energy, 4)}`,
            (place + 0.9 * fraction) / 2,
          ),
      })
    return learned(context, 'variational-auto-encoder', fit, latent)
  }
  const wide = await learn(CODES[0], 0)
  const plane = await learn(CODES[1], 1)
  const shown = rows(heldOut, 0, 16)
  const { means } = await plane.encode(heldOut)
  const pictures = {
    'vae-reconstructions.png': reconstructions(shown, await wide.reconstruct(shown), { columns: 16 }),
    'vae-samples.png': samples(await wide.sample(SAMPLES, { seed: context.seed + 1 }), { columns: 16 }),
    'vae-plane.png': latentGrid(await plane.decode(latentGridCodes())),
  }
  const charts = {
    'vae-codes.svg': latentScatter(means, { labels: labels.subarray(TRAINING), title: 'Codes of held-out digits' }),
  }
  context.say('measuring the evidence', 0.97)
  const evidence = await wide.evaluate(heldOut)
  const flat = await plane.evaluate(heldOut)
  const balls = await wide.encode(heldOut)
  wide.dispose()
  plane.dispose()
  const spread = meanSquare(balls.means) + meanSquare(balls.deviations)
  const near = nearestAlike(means.data, labels.subarray(TRAINING))
  const about = claim(
    14,
    'Springs pack codes that are fuzzy balls about as N(0, 1) is packed, so that a code drawn from it decodes to a digit, and neighbouring codes to digits that are alike.',
    spread > 1 / ALIKE && spread < ALIKE && near > 3 * CHANCE,
    `codes of held-out digits, noise included, have a mean square of ${formatNumber(spread, 3)} a number, where N(0, 1) has 1; of nearest neighbours in the plane ${formatShare(near)} are the same digit, where chance is ${formatShare(CHANCE)}.`,
  )
  const numbers: ReportNumber[] = [
    {
      label: 'Reconstruction',
      value: evidence.reconstruction,
      unit: 'nats',
      note: `−log p(y | z), ${CODES[0]} numbers a code, held out`,
    },
    { label: 'KL term', value: evidence.kl, unit: 'nats', note: 'of the balls from N(0, 1)' },
    ...evidence.logLikelihood.map(({ samples: drawn, value }) => ({
      label: `log p(y), ${drawn} ${drawn === 1 ? 'sample' : 'samples'}`,
      value,
      unit: 'nats',
      note: drawn === 1 ? 'the evidence lower bound, but for its noise' : 'importance-sampled, from below',
    })),
    { label: 'Active units', value: `${evidence.activeUnits.count} of ${CODES[0]}` },
    { label: 'Evidence bound with two numbers', value: flat.elbo, unit: 'nats' },
  ]
  return {
    pictures,
    charts,
    ...reducedTo(context, `${EPOCHS} passes through the digits, of ${FULL_EPOCHS}.`),
    section: {
      heading: 'Variational auto-encoders',
      prose: [
        `The encoder gives each digit a ball, N(z̄, σ²); a code is drawn from it and decoded. Learning lowers −log p(y | z) + ½‖z̄‖² + ½Σ(σ² − 1 − log σ²): reconstruction, springs that hold the balls to the origin, and what keeps their size near 1. Learned from ${TRAINING.toLocaleString('en')} digits in ${epochs} passes.`,
      ],
      figures: [
        {
          picture: pictures['vae-reconstructions.png'],
          caption: `Held-out digits, and below them what comes back from ${CODES[0]} numbers.`,
          alt: 'Two rows of digits; the lower ones are the same, a little blurred',
        },
        {
          picture: pictures['vae-samples.png'],
          caption: 'Codes drawn from N(0, 1), decoded: digits that nobody wrote.',
          alt: 'Rows of blurred handwritten digits, most of them legible',
        },
        {
          picture: pictures['vae-plane.png'],
          width: 'half',
          caption: 'The plane of codes, decoded at equal steps of probability.',
          alt: 'A square of small digits that turn into one another from place to place',
        },
        {
          svg: charts['vae-codes.svg'],
          caption: 'Where held-out digits lie in that plane, by class.',
          alt: 'Dots around the origin in ten colours, each mostly in a region of its own',
        },
      ],
      claims: [about],
      numbers,
      program: vaeProgram,
    },
  }
}

const meanSquare = ({ data }: Tensor): number => mean(data.map((value) => value * value))

/** The share of points of the plane whose nearest neighbour has their label. */
function nearestAlike(points: Float32Array, labels: Uint8Array): number {
  let alike = 0
  for (let i = 0; i < labels.length; i++) {
    let [least, nearest] = [Number.POSITIVE_INFINITY, i]
    for (let j = 0; j < labels.length; j++) {
      const distance = (points[2 * i] - points[2 * j]) ** 2 + (points[2 * i + 1] - points[2 * j + 1]) ** 2
      if (j !== i && distance < least) [least, nearest] = [distance, j]
    }
    if (labels[nearest] === labels[i]) alike++
  }
  return labels.length === 0 ? 0 : alike / labels.length
}
