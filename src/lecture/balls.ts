import { digits } from '../data/digits.js'
import { adam } from '../learning/optimizers/adam.js'
import { variationalAutoEncoder } from '../models/variationalAutoEncoder.js'
import type { VariationalModel } from '../models/variationalAutoEncoderModel.js'
import type { VariationalProgress } from '../models/variationalAutoEncoderProgress.js'
import { rows, type Tensor } from '../tensor/tensor.js'
import { codeNormOverTime } from '../views/codeNormOverTime.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { fuzzyBalls } from '../views/fuzzyBalls.js'
import type { ReportFigure, ReportNumber } from '../views/report.js'
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

/** Strengths of the spring: none, too weak, right, too strong. */
const SPRINGS = [
  { name: 'none', spring: 0, caption: 'No springs: the balls fly apart, and go on as long as one learns.' },
  { name: 'too weak', spring: 0.02, caption: 'Springs too weak: the balls come to rest far apart.' },
  {
    name: 'right',
    spring: 1,
    caption: 'The spring of the evidence bound: packed, overlapping where digits are alike.',
  },
  {
    name: 'too strong',
    spring: 60,
    caption: 'Springs too strong: all balls lie on each other, and no code tells digits apart.',
  },
] as const
const EPOCHS = 10
const FULL_EPOCHS = 40
const TRAINING = 8000
/** Held-out digits whose balls are drawn. */
const SHOWN = 200
/** Held-out digits whose balls are measured. */
const MEASURED = 1000

export const ballsProgram = `import { adam, digits, fuzzyBalls, rows, variationalAutoEncoder } from 'energia'

const { observations, labels } = await digits()
const model = await variationalAutoEncoder({
  latent: 2, hidden: [128], activation: 'tanh', deviation: 1, spring: 1, optimizer: adam({ learningRate: 0.004 }),
}).fit(rows(observations, ${MEASURED}, ${MEASURED + TRAINING}), { epochs: ${EPOCHS} })
const { means, deviations } = await model.encode(rows(observations, 0, ${SHOWN}))
const svg = fuzzyBalls(means, deviations, { labels: labels.subarray(0, ${SHOWN}) })`

/** Systems 15 to 17 of the lecture: codes as fuzzy balls, without springs, and with springs too weak, right and too strong. */
export async function balls(context: SectionContext): Promise<SectionResult> {
  const { observations, labels } = await digits()
  const shown = rows(observations, 0, SHOWN)
  const classes = labels.subarray(0, SHOWN)
  const measuredDigits = rows(observations, 0, MEASURED)
  const training = rows(observations, MEASURED, MEASURED + TRAINING)
  const epochs = context.full ? FULL_EPOCHS : EPOCHS
  const charts: Record<string, string> = {}
  const found: Measured[] = []
  for (const [place, { name, spring }] of SPRINGS.entries()) {
    const definition = variationalAutoEncoder({
      latent: 2,
      hidden: [128],
      activation: 'tanh',
      deviation: 1,
      spring,
      optimizer: adam({ learningRate: 0.004 }),
      ...graphOptions(context),
    })
    const fit = (run: LectureRun) =>
      definition.fit(training, {
        epochs,
        ...run,
        onProgress: ({ fraction, meanNorm }) =>
          context.say(`springs ${name}, ‖z̄‖ ${formatNumber(meanNorm, 3)}`, (place + fraction) / SPRINGS.length),
      })
    const model = await learned(context, 'variational-auto-encoder', fit, name.replace(' ', '-'))
    const { means, deviations } = await model.encode(shown)
    charts[fileOf(name)] = fuzzyBalls(means, deviations, { labels: classes, title: `Springs: ${name}` })
    found.push({ name, ...(await measured(model, measuredDigits, labels)) })
    model.dispose()
  }
  charts['balls-norm.svg'] = await codeNormOverTime(
    found.map(({ name, at, norms }) => ({ name, at, norm: norms })),
    { unit: 'passes through the digits' },
  )
  const numbers: ReportNumber[] = [
    ...found.map(({ name, norms, reconstruction }) => ({
      label: `Springs ${name}: ‖z̄‖`,
      value: norms.at(-1)!,
      note: `in the last of ${epochs} passes, ${formatNumber(norms[half(norms)], 3)} halfway; reconstruction ${formatNumber(reconstruction, 4)} nats`,
    })),
    {
      label: 'Overlapping balls of one class, right springs',
      value: formatShare(found[2].alike),
      note: `of pairs nearer than 1 deviation; ${formatShare(found[2].chance)} of all pairs are of one class`,
    },
  ]
  return {
    pictures: {},
    charts,
    ...reducedTo(context, `${EPOCHS} passes through the digits, of ${FULL_EPOCHS}.`),
    section: {
      heading: 'Fuzzy balls and springs',
      prose: [
        `Each held-out digit is a ball of deviation 1 around its code of two numbers. Where balls overlap the decoder cannot tell digits apart, so learning pushes them apart; the spring, strength · ½‖z̄‖², pulls them to the origin.`,
        'The planes have scales of their own: a ball has the same deviation in all of them.',
      ],
      figures: [
        ...SPRINGS.map(
          ({ name, caption }, i): ReportFigure => ({
            svg: charts[fileOf(name)],
            caption,
            alt: `${SHOWN} translucent balls in a plane, at a distance of about ${formatNumber(found[i].norms.at(-1)!, 2)} from the origin`,
          }),
        ),
        {
          svg: charts['balls-norm.svg'],
          width: 'full',
          caption: 'How far from the origin codes lie while learning.',
          alt: 'Four curves; the one without springs keeps rising, that of strong springs is near 0',
        },
      ],
      claims: claimsOf(found),
      numbers,
      program: ballsProgram,
    },
  }
}

interface Measured {
  readonly name: string
  /** Passes, and ‖z̄‖ in each. */
  readonly at: readonly number[]
  readonly norms: readonly number[]
  readonly reconstruction: number
  /** Mean error of reconstruction of digits whose ball overlaps one of another class, and of the others. */
  readonly confused: number
  readonly apart: number
  /** Share of one class among pairs of overlapping balls, and among all pairs. */
  readonly alike: number
  readonly chance: number
}

async function measured(model: VariationalModel, digits: Tensor, labels: Uint8Array) {
  const classes = labels.subarray(0, digits.shape[0])
  const { means } = await model.encode(digits)
  const { reconstruction } = await model.evaluate(digits, { samples: [1] })
  const errors = halfSquares(digits, await model.reconstruct(digits))
  const mixed = new Uint8Array(classes.length)
  let [near, alike, all, same] = [0, 0, 0, 0]
  for (let i = 0; i < classes.length; i++) {
    for (let j = 0; j < i; j++) {
      const one = classes[i] === classes[j] ? 1 : 0
      const distance = Math.hypot(means.data[2 * i] - means.data[2 * j], means.data[2 * i + 1] - means.data[2 * j + 1])
      all += 1
      same += one
      if (distance >= 1) continue
      near += 1
      alike += one
      if (one === 0) mixed[i] = mixed[j] = 1
    }
  }
  return {
    ...normsByEpoch(model.history),
    reconstruction,
    confused: mean(errors.filter((_, i) => mixed[i] === 1)),
    apart: mean(errors.filter((_, i) => mixed[i] === 0)),
    alike: near === 0 ? 0 : alike / near,
    chance: all === 0 ? 0 : same / all,
  }
}

/** ½‖y − ŷ‖² of each observation. */
function halfSquares(observations: Tensor, decoded: Tensor): Float64Array {
  const count = observations.shape[0]
  const size = observations.data.length / count
  const errors = new Float64Array(count)
  for (let p = 0; p < observations.data.length; p++) {
    errors[Math.floor(p / size)] += 0.5 * (observations.data[p] - decoded.data[p]) ** 2
  }
  return errors
}

/** ‖z̄‖ over each pass. Reports come by the clock, and each is about the batches since the last one; passes do not depend on it. */
function normsByEpoch(history: readonly VariationalProgress[]) {
  const epochs = Math.ceil(history.at(-1)?.epoch ?? 0)
  const squares = new Float64Array(epochs)
  const counts = new Float64Array(epochs)
  let before = 0
  for (const { epoch, seen, meanNorm } of history) {
    const pass = Math.max(0, Math.ceil(epoch) - 1)
    squares[pass] += (seen - before) * meanNorm ** 2
    counts[pass] += seen - before
    before = seen
  }
  return {
    at: Array.from(counts, (_, pass) => pass + 1),
    norms: Array.from(counts, (count, pass) => Math.sqrt(squares[pass] / count)),
  }
}

function claimsOf(found: readonly Measured[]) {
  const [none, weak, right, strong] = found
  const last = ({ norms }: Measured) => norms.at(-1)!
  const [from, to] = [none.norms[half(none.norms)], last(none)].map((norm) => formatNumber(norm, 3))
  const collapsed = strong.reconstruction > Math.max(...[none, weak, right].map(({ reconstruction }) => reconstruction))
  return [
    claim(
      15,
      'Codes are balls of noise, and where balls of unlike samples overlap the decoder confuses them.',
      right.confused > right.apart,
      `with the right springs a digit whose ball overlaps one of another class comes back with an error of ${formatNumber(right.confused, 3)}, another with ${formatNumber(right.apart, 3)} (½‖y − ŷ‖², means of ${MEASURED} held-out digits).`,
    ),
    claim(
      16,
      'Without springs the balls fly apart without bound.',
      last(none) > 1.1 * none.norms[half(none.norms)] && last(none) > last(weak),
      `‖z̄‖ is ${from} in pass ${half(none.norms) + 1} and ${to} in pass ${none.norms.length}, and nothing holds it.`,
    ),
    claim(
      17,
      'Springs too weak leave the balls apart, springs too strong collapse them at the origin, and right ones pack them so that those of alike digits overlap.',
      last(weak) > 2 * last(right) && last(right) > 4 * last(strong) && collapsed && right.alike > 2 * right.chance,
      `‖z̄‖ ends at ${[weak, right, strong].map((each) => formatNumber(last(each), 3)).join(', ')} with springs too weak, right and too strong; with the right ones ${formatShare(right.alike)} of overlapping pairs are one digit, of all pairs ${formatShare(right.chance)}.`,
    ),
  ]
}

/** The measurement halfway. */
const half = ({ length }: readonly number[]) => Math.floor((length - 1) / 2)

const fileOf = (name: string) => `balls-${name.replace(' ', '-')}.svg`
