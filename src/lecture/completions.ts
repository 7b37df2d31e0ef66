import { digits } from '../data/digits.js'
import { bernoulli } from '../energy/costs/bernoulli.js'
import { mlp } from '../energy/modules/mlp.js'
import { l2 } from '../energy/regularizers/l2.js'
import { adam } from '../learning/optimizers/adam.js'
import { latentVariableModel } from '../models/latentVariable.js'
import type { LatentVariableModel } from '../models/latentVariableModel.js'
import { rows, type Tensor, takeRows } from '../tensor/tensor.js'
import { completions as drawCompletions } from '../views/completions.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import type { ReportNumber } from '../views/report.js'
import {
  claim,
  graphOptions,
  halves,
  type LectureRun,
  learned,
  mean,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

/** λ of the two models: none, and that at which a code is worth what its noise takes. */
const LAMBDA = 1
const CODE = 8
const FEATURES = 100
const HIDDEN = 200
const EPOCHS = 8
const FULL_EPOCHS = 60
const TRAINING = 9000
const UPPER = 14
/** Held-out digits whose own lower half is set against another's. */
const PAIRS = 300
/** Held-out digits whose lower halves are all ranked for each of a few upper ones. */
const CANDIDATES = 100
const RANKED = 16
/** Rows of held-out digits in the pictures, and completions of each. */
const SHOWN = [3, 8, 12, 15, 20, 5]
const EACH = 9

export const completionsProgram = `import { adam, bernoulli, completions, digits, fromTensor, l2, latentVariableModel, mlp, writePng } from 'energia'

const { observations } = await digits()
const model = await latentVariableModel({
  shapes: { x: [14, 28], y: [14, 28], z: ${CODE} }, gamma: 0, amortized: true, cost: bernoulli(), optimizer: adam({ learningRate: 0.002 }),
  predictor: mlp({ inputs: 392, hidden: [], outputs: ${FEATURES}, outputActivation: 'relu' }), regularizer: { ...l2({ lambda: ${LAMBDA} }), noise: 1 },
  decoder: mlp({ inputs: ${FEATURES + CODE}, hidden: [${HIDDEN}], outputs: [14, 28] }), encoder: mlp({ inputs: ${392 + FEATURES}, hidden: [${HIDDEN}], outputs: ${CODE} }), batchSize: 100,
}).fit({ observations: fromTensor(observations), at: 14 }, { epochs: ${EPOCHS} })
const x = { shape: [1, 14, 28], data: observations.data.slice(0, 392) }
const { predictions } = await model.predict(x, { count: ${EACH}, codes: 'prior' })
await writePng('completions.png', completions(x, predictions))`

/** Systems 1 and 2 of the lecture given an x: the upper half of a digit, which several lower halves complete. */
export async function completions(context: SectionContext): Promise<SectionResult> {
  const { observations } = await digits()
  const training = halves(rows(observations, 0, TRAINING), UPPER)
  const heldOut = halves(rows(observations, TRAINING, observations.shape[0]), UPPER)
  const pictures: Record<string, ReturnType<typeof drawCompletions>> = {}
  const found: Measured[] = []
  for (const [place, lambda] of [0, LAMBDA].entries()) {
    const say = (message: string, share: number) => context.say(`λ = ${lambda}, ${message}`, (place + share) / 2)
    say('learning', 0)
    const definition = latentVariableModel({
      shapes: { x: training.x.shape.slice(1), y: training.y.shape.slice(1), z: CODE },
      predictor: mlp({ inputs: 392, hidden: [], outputs: FEATURES, outputActivation: 'relu' }),
      decoder: mlp({ inputs: FEATURES + CODE, hidden: [HIDDEN], outputs: [UPPER, 28] }),
      encoder: mlp({ inputs: 392 + FEATURES, hidden: [HIDDEN], outputs: CODE }),
      gamma: 0, // the encoder only proposes codes
      amortized: true,
      cost: bernoulli(),
      ...(lambda > 0 ? { regularizer: { ...l2({ lambda }), noise: 1 } } : {}),
      optimizer: adam({ learningRate: 0.002 }),
      batchSize: 100,
      ...graphOptions(context),
    })
    const fit = (run: LectureRun) =>
      definition.fit(training, {
        epochs: context.full ? FULL_EPOCHS : EPOCHS,
        ...run,
        onProgress: ({ fraction, energy }) => say(`learning, energy ${formatNumber(energy, 3)}`, 0.7 * fraction),
      })
    const model = await learned(context, 'latent-variable', fit, lambda)
    say('completing and ranking', 0.75)
    pictures[`completions-${lambda}.png`] = await completed(model, heldOut)
    found.push({ lambda, ...(await measured(model, heldOut, context.signal)) })
    model.dispose()
  }
  const [free, regularized] = found
  const claims = [
    claim(
      1,
      'Given x too, a code without limits gives any y a low energy for any x.',
      free.other < 1.5 * regularized.own,
      `with λ = 0 the lower half of another digit has a mean free energy of ${formatNumber(free.other, 3)} nats, where with λ = ${LAMBDA} a digit’s own has ${formatNumber(regularized.own, 3)} and another’s ${formatNumber(regularized.other, 3)}.`,
    ),
    claim(
      2,
      'Given x, several y have a low energy and the others a high one, if z is regularized.',
      regularized.ownLower > 0.85 && regularized.ownLower > free.ownLower + 0.1 && regularized.rank < free.rank,
      `with λ = ${LAMBDA} a digit’s own lower half has less energy than another digit’s in ${formatShare(regularized.ownLower)} of pairs, with λ = 0 in ${formatShare(free.ownLower)}.`,
    ),
  ]
  const numbers: ReportNumber[] = [
    ...found.flatMap(({ lambda, ownLower, own, other, rank }) => [
      {
        label: `λ = ${lambda}: own lower half below another’s`,
        value: formatShare(ownLower),
        note: `of ${PAIRS} held-out pairs; mean free energy ${formatNumber(own, 3)} and ${formatNumber(other, 3)} nats`,
      },
      {
        label: `λ = ${lambda}: median rank of the own lower half`,
        value: rank,
        note: `among ${CANDIDATES} real ones by free energy, 1 is the best and ${CANDIDATES / 2} is chance`,
      },
    ]),
  ]
  return {
    pictures,
    charts: {},
    ...reducedTo(context, `${EPOCHS} passes through the digits, of ${FULL_EPOCHS}.`),
    section: {
      heading: 'Many answers to one question',
      prose: [
        `x is the upper half of a digit, y the lower one: E(x, y, z) = C(y, Dec(Pred(x), z)) + ½λ‖z‖², with z of ${CODE} numbers, learned from ${TRAINING.toLocaleString('en')} digits. One x has many y, and z chooses among them: codes drawn from the density that goes with the regularizer, exp(−½λ‖z‖²), are decoded given a held-out x, and ranked by energy.`,
      ],
      figures: [
        {
          picture: pictures[`completions-${LAMBDA}.png`],
          caption: `λ = ${LAMBDA}. In each row a held-out digit, then ${EACH} completions of its upper half, the one of least energy first: they differ, and fit.`,
          alt: 'Rows of digits that share their upper half; the lower halves continue it in different ways',
        },
        {
          picture: pictures['completions-0.png'],
          caption:
            'λ = 0. There is no density to draw from, so these are codes of training digits. They decode to the same lower halves whatever is above them.',
          alt: 'Rows of broken digits: lower halves that do not fit the upper ones and repeat from row to row',
        },
      ],
      claims,
      numbers,
      program: completionsProgram,
    },
  }
}

interface Measured {
  readonly lambda: number
  /** Share of pairs in which the own lower half has less free energy than another's, and their means. */
  readonly ownLower: number
  readonly own: number
  readonly other: number
  /** Median place of the own lower half among candidates. */
  readonly rank: number
}

interface Halves {
  readonly x: Tensor
  readonly y: Tensor
}

/** A picture of held-out digits, each followed by its completions; codes are drawn where the regularizer says from what. */
async function completed(model: LatentVariableModel, heldOut: Halves) {
  const x = takeRows(heldOut.x, SHOWN)
  const y = takeRows(heldOut.y, SHOWN)
  const { predictions } = await model.predict(x, {
    count: EACH,
    codes: model.definition.regularizer ? 'prior' : 'learned',
  })
  const size = predictions.shape[2] * predictions.shape[3]
  const data = new Float32Array(SHOWN.length * (EACH + 1) * size)
  for (let row = 0; row < SHOWN.length; row++) {
    data.set(y.data.subarray(row * size, (row + 1) * size), row * (EACH + 1) * size)
    const made = predictions.data.subarray(row * EACH * size, (row + 1) * EACH * size)
    data.set(made, (row * (EACH + 1) + 1) * size)
  }
  return drawCompletions(x, { shape: [SHOWN.length, EACH + 1, ...predictions.shape.slice(2)], data })
}

async function measured(model: LatentVariableModel, heldOut: Halves, signal: AbortSignal | undefined) {
  const options = { maxSteps: 100, ...(signal ? { signal } : {}) }
  const energies = async (xs: readonly number[], ys: readonly number[]) =>
    model.freeEnergy({ x: takeRows(heldOut.x, xs), y: takeRows(heldOut.y, ys) }, options)
  const all = Array.from({ length: PAIRS }, (_, i) => i)
  const own = await energies(all, all)
  const other = await energies(
    all,
    all.map((i) => (i + 1) % PAIRS),
  )
  const ranks: number[] = []
  const candidates = all.slice(0, CANDIDATES)
  for (let i = 0; i < RANKED; i++) {
    const found = await energies(Array<number>(CANDIDATES).fill(i), candidates)
    ranks.push(1 + found.filter((energy) => energy < found[i]).length)
  }
  ranks.sort((a, b) => a - b)
  const middle = RANKED / 2
  return {
    ownLower: mean(all.map((i) => (own[i] < other[i] ? 1 : 0))),
    own: mean(own),
    other: mean(other),
    rank: (ranks[middle - 1] + ranks[middle]) / 2,
  }
}
