import { photographs } from '../data/photographs.js'
import { type Codes, toDense } from '../inference/codes.js'
import type { AmortizedModel } from '../models/listaModel.js'
import { predictiveSparseDecomposition } from '../models/predictiveSparseDecomposition.js'
import { centre } from '../preprocess/centre.js'
import { olshausen } from '../preprocess/olshausen.js'
import { patches } from '../preprocess/patches.js'
import { unitVariance } from '../preprocess/unitVariance.js'
import type { Tensor } from '../tensor/tensor.js'
import { formatShare } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import type { ReportNumber } from '../views/report.js'
import {
  claim,
  firstBatch,
  type LectureRun,
  learned,
  mean,
  modelOptions,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

const ATOMS = 100
const PATCH = 10
const LAMBDA = 1
const GAMMA = 1
const TRAINING = 12_000
const MEASURED = 1000
const EXACT = 1e-6
const STEPS = 500
const FULL_STEPS = 10_000
/** The lecture's encoder, and one of two steps. */
const ENCODERS = [
  { kind: 'linear-tanh-gain', name: 'gain · tanh(Wₑy + b)' },
  { kind: 'lista', name: 'LISTA, K = 1' },
] as const

export const psdProgram = `import { centre, mosaic, olshausen, patches, photographs, predictiveSparseDecomposition, unitVariance, writePng } from 'energia'

const source = patches(await photographs(), { size: ${PATCH}, count: ${TRAINING}, seed: 1, transform: [olshausen()] })
const model = await predictiveSparseDecomposition({
  atoms: ${ATOMS}, lambda: ${LAMBDA}, gamma: ${GAMMA}, trainingSteps: ${STEPS}, preprocess: [centre(), unitVariance()],
}).fit(source)
const predicted = await model.encode(source)
const best = await model.encode(source, { refine: ${EXACT} })
await writePng('decoder.png', mosaic(model.atoms))
await writePng('encoder.png', mosaic({ shape: model.atoms.shape, data: model.parameters.weight.data }))`

/** System 6 of the lecture: an encoder whose distance from the code is a part of the energy, learned together with the dictionary. */
export async function psd(context: SectionContext): Promise<SectionResult> {
  const { seed, full } = context
  const steps = full ? FULL_STEPS : STEPS
  const images = await photographs()
  const take = (count: number, stream: number) =>
    firstBatch(patches(images, { size: PATCH, count, seed: 3 * seed + stream, transform: [olshausen()] }), count)
  context.say('whitening photographs', 0)
  const training = await take(TRAINING, 1)
  const observations = await take(MEASURED, 2)
  const found: (Measured & { readonly name: string })[] = []
  const pictures: Record<string, ReturnType<typeof mosaic>> = {}
  for (const [place, { kind, name }] of ENCODERS.entries()) {
    const definition = predictiveSparseDecomposition({
      atoms: ATOMS,
      lambda: LAMBDA,
      gamma: GAMMA,
      encoder: kind,
      trainingSteps: steps,
      preprocess: [centre(), unitVariance()],
      ...modelOptions(context),
    })
    const fit = (run: LectureRun) =>
      definition.fit(training, {
        ...run,
        onProgress: ({ fraction }) => context.say(`learning both, encoder ${name}`, (place + 0.9 * fraction) / 2),
      })
    const model = await learned(context, 'predictive-sparse-decomposition', fit, kind)
    found.push({ name, ...(await measured(model, observations)) })
    if (place === 0) {
      pictures['psd-decoder.png'] = mosaic(model.atoms, { border: 0 })
      pictures['psd-encoder.png'] = mosaic(filters(model), { border: 0 })
    }
    model.dispose()
  }
  const [plain, iterated] = found
  const numbers: ReportNumber[] = found.flatMap(({ name, share, excess, certified, alike }) => [
    {
      label: `${name}: share of the best code that is predicted`,
      value: formatShare(share),
      note: '1 − ‖z − Enc(y)‖²/‖z‖²',
    },
    {
      label: `${name}: energy of the predicted code above the best`,
      value: formatShare(excess),
      note: `certified without knowing the best: at most ${formatShare(certified)}`,
    },
    { label: `${name}: cosine of encoder and decoder filters`, value: alike, note: 'mean of the atoms' },
  ])
  return {
    pictures,
    charts: {},
    ...reducedTo(context, `${STEPS} steps of learning, of ${FULL_STEPS.toLocaleString('en')}.`),
    section: {
      heading: 'An encoder within the energy',
      prose: [
        `E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ + ½γ‖z − Enc(y)‖² with λ = ${LAMBDA} and γ = ${GAMMA}: predictive sparse decomposition. For each batch the code of least energy is found exactly, the encoder’s term included, and one gradient step moves W and the encoder. ${TRAINING.toLocaleString('en')} whitened patches of ${PATCH}×${PATCH}, ${ATOMS} atoms, ${steps.toLocaleString('en')} steps; ${MEASURED.toLocaleString('en')} other patches are coded.`,
        'The first encoder is the lecture’s, gain · tanh(Wₑy + b), which is never exactly 0; the second is shrink twice, as in the next section.',
      ],
      claims: [
        claim(
          6,
          'The encoder learns to predict the optimal code, so that one pass through it replaces the search.',
          plain.share > 0.6 && iterated.share > 0.9 && plain.alike > 0.7,
          `of held-out codes ${formatShare(plain.share)} are predicted by the tanh encoder and ${formatShare(iterated.share)} by that of two steps, whose energy is ${formatShare(plain.excess)} and ${formatShare(iterated.excess)} above the least.`,
        ),
      ],
      figures: [
        {
          picture: pictures['psd-decoder.png'],
          width: 'half',
          caption: 'Decoder: the atoms, the columns of W.',
          alt: `A mosaic of ${ATOMS} small pictures of edges and bars at all angles`,
        },
        {
          picture: pictures['psd-encoder.png'],
          width: 'half',
          caption: 'Encoder: the rows of Wₑ, at the same places. They look alike, and are sharper.',
          alt: `A mosaic of ${ATOMS} small pictures, each like its neighbour in the decoder`,
        },
      ],
      numbers,
      program: psdProgram,
    },
  }
}

interface Measured {
  /** 1 − ‖z − Enc(y)‖²/‖z‖² over all codes. */
  readonly share: number
  /** Mean energy of predicted codes above the least, and as certified, relative to the least. */
  readonly excess: number
  readonly certified: number
  readonly alike: number
}

async function measured(model: AmortizedModel, observations: Tensor): Promise<Measured> {
  const guess = await model.encode(observations)
  const best = await model.encode(observations, { refine: EXACT })
  const least = mean(best.energy)
  const [rows, columns] = [filters(model), model.atoms]
  const size = columns.data.length / ATOMS
  const of = ({ data }: Tensor, j: number) => data.subarray(j * size, (j + 1) * size)
  return {
    share: predicted(guess.codes, best.codes),
    excess: mean(guess.energy) / least - 1,
    certified: mean(guess.gap!) / least,
    alike: mean(Array.from({ length: ATOMS }, (_, j) => cosine(of(rows, j), of(columns, j)))),
  }
}

/** The rows of Wₑ, shaped as atoms. */
const filters = ({ atoms, parameters }: AmortizedModel): Tensor => ({
  shape: atoms.shape,
  data: parameters.weight.data,
})

function predicted(guess: Codes, best: Codes): number {
  const [a, b] = [toDense(guess).data, toDense(best).data]
  let [off, all] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    off += (b[i] - a[i]) ** 2
    all += b[i] ** 2
  }
  return 1 - off / all
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i]
    aa += a[i] ** 2
    bb += b[i] ** 2
  }
  return ab / Math.sqrt(aa * bb)
}
