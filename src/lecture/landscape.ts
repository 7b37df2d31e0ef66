import { squaredError } from '../energy/costs/squaredError.js'
import { mlp } from '../energy/modules/mlp.js'
import { l1 } from '../energy/regularizers/l1.js'
import { fromDense } from '../inference/codes.js'
import { adamW } from '../learning/optimizers/adamW.js'
import { latentVariableModel } from '../models/latentVariable.js'
import type { LatentVariableModel } from '../models/latentVariableModel.js'
import { rng } from '../tensor/random.js'
import { type Tensor, takeRows, zeros } from '../tensor/tensor.js'
import { formatNumber, formatShare } from '../views/formatNumber.js'
import { landscape as drawLandscape, landscapeGrid, shareBelow } from '../views/landscape.js'
import type { ReportFigure, ReportNumber } from '../views/report.js'
import { claim, type LectureRun, learned, mean, type SectionContext, type SectionResult } from './section.js'

const LAMBDAS = [0, 0.002, 0.004, 0.01]
/** λ of the program. */
const SHOWN = 0.004
/** Deviation of the noise on codes while learning. */
const NOISE = 0.3
const EPOCHS = 60
const TRAINING = 1000
const HELD_OUT = 500
const EXTENT = 1.5
/** The small energy: ½·0.2², a fifth of a unit away from what is decoded. */
const SMALL = 0.02
/** Codes on a side of the grid from whose best one inference starts. */
const STARTS = 61

export const landscapeProgram = `import { adamW, l1, landscape, landscapeGrid, latentVariableModel, mlp, rng, squaredError } from 'energia'

const random = rng(1)
const wave = Array.from({ length: ${TRAINING} }, () => 2.2 * random.uniform() - 1.1).flatMap((x) => [x, 0.5 * Math.sin(3.2 * x)])
const y = { shape: [${TRAINING}, 2], data: Float32Array.from(wave, (value) => value + 0.04 * random.normal()) }
const model = await latentVariableModel({
  shapes: { y: 2, z: 2 }, decoder: mlp({ inputs: 2, hidden: [32], outputs: 2, activation: 'tanh' }), cost: squaredError(),
  regularizer: { ...l1({ lambda: ${SHOWN} }), noise: ${NOISE} }, optimizer: adamW({ learningRate: 0.02, weightDecay: 0.05 }), batchSize: 100,
}).fit(y, { epochs: ${EPOCHS} })
const energies = await model.freeEnergy({ y: landscapeGrid({ x: [-1.5, 1.5] }) }, { restarts: 8, restartDeviation: 3 })
const svg = await landscape(energies, { x: [-1.5, 1.5], threshold: ${SMALL}, points: y })`

/** Systems 1 and 2 of the lecture: a code that explains everything makes the free energy flat, and λ makes it a valley along the data. */
export async function landscape(context: SectionContext): Promise<SectionResult> {
  const training = noisyWave(TRAINING, context.seed, 1)
  const heldOut = noisyWave(HELD_OUT, context.seed, 2)
  const grid = landscapeGrid({ x: [-EXTENT, EXTENT] })
  const found: Measured[] = []
  const charts: Record<string, string> = {}
  for (const [place, lambda] of LAMBDAS.entries()) {
    const say = (message: string, share: number) =>
      context.say(`λ = ${lambda}, ${message}`, (place + share) / LAMBDAS.length)
    say('learning', 0)
    const definition = latentVariableModel({
      shapes: { y: 2, z: 2 },
      decoder: mlp({ inputs: 2, hidden: [32], outputs: 2, activation: 'tanh' }),
      cost: squaredError(),
      // Noise gives codes a size to be measured by: without it the decoder grows, codes shrink, and no λ weighs anything.
      ...(lambda > 0 ? { regularizer: { ...l1({ lambda }), noise: NOISE } } : {}),
      optimizer: adamW({ learningRate: 0.02, weightDecay: 0.05 }),
      batchSize: 100,
      seed: context.seed,
      runtime: { threads: 1 }, // its products are too small to share
    })
    const fit = (run: LectureRun) =>
      definition.fit(training, {
        epochs: EPOCHS,
        ...run,
        onProgress: ({ fraction, energy }) => say(`learning, energy ${formatNumber(energy, 2)}`, 0.75 * fraction),
      })
    const model = await learned(context, 'latent-variable', fit, lambda)
    say('energies of the plane', 0.8)
    const search = { extent: reachOf(model.keptCodes!), lambda, signal: context.signal }
    const plane = (await leastEnergies(model, grid, search)).energy
    const held = await leastEnergies(model, heldOut, search)
    model.dispose()
    const measured = {
      lambda,
      plane: shareBelow(plane, SMALL),
      data: shareBelow(held.energy, SMALL),
      energy: mean(held.energy),
      error: rootMeanSquare(held.decoded, heldOut),
    }
    found.push(measured)
    charts[`landscape-${lambda}.svg`] = await drawLandscape(plane, {
      x: [-EXTENT, EXTENT],
      threshold: SMALL,
      points: heldOut,
      title: `λ = ${lambda}`,
    })
  }
  const numbers: ReportNumber[] = [
    ...found.flatMap(({ lambda, plane, data, energy, error }) => [
      {
        label: `λ = ${lambda}: plane with F ≤ ${SMALL}`,
        value: formatShare(plane),
        note: `and ${formatShare(data)} of the held-out data`,
      },
      {
        label: `λ = ${lambda}: error of reconstruction`,
        value: error,
        note: `root of the mean square, held out; mean free energy ${formatNumber(energy, 3)}`,
      },
    ]),
  ]
  return {
    pictures: {},
    charts,
    section: {
      heading: 'Why codes are regularized',
      prose: [
        `E(y, z) = ½‖y − Dec(z)‖² + λ‖z‖₁ learned from ${TRAINING.toLocaleString('en')} points of a noisy curve. z has two numbers, as many as y, and Dec is a network with 32 hidden units: enough to explain any point, on the curve or off it. Drawn is the free energy F(y) = min over z of E(y, z), found from the best of ${(STARTS * STARTS).toLocaleString('en')} codes.`,
        `While learning, normal noise of deviation ${NOISE} is added to codes where λ > 0. Without it the decoder would grow and codes shrink until λ weighed nothing.`,
      ],
      figures: found.map(
        ({ lambda, plane }): ReportFigure => ({
          svg: charts[`landscape-${lambda}.svg`],
          caption: captionOf(lambda),
          alt: `The plane with a wavy line of points; ${formatShare(plane)} of it lies within the contour of small energy`,
        }),
      ),
      claims: claimsOf(found),
      numbers,
      program: landscapeProgram,
    },
  }
}

interface Measured {
  readonly lambda: number
  /** Shares with F ≤ SMALL. */
  readonly plane: number
  readonly data: number
  /** Mean free energy and error of reconstruction of held-out data. */
  readonly energy: number
  readonly error: number
}

function claimsOf(found: readonly Measured[]) {
  const narrows = found.every(({ plane }, i) => i === 0 || plane < found[i - 1].plane)
  const costs = found[0].error < found[1].error && found.every(({ error }) => error <= found.at(-1)!.error)
  const valley = found.some(({ plane, data }) => plane < 1 / 3 && data > 0.8)
  const shares = found.map(({ plane }) => formatShare(plane)).join(', ')
  const errors = found.map(({ error }) => formatNumber(error, 2)).join(', ')
  return [
    claim(
      1,
      'A code that can explain everything makes the free energy flat: about 0 for every y, on the data and off it.',
      found[0].plane > 0.9 && found[0].data > 0.9,
      `without regularization ${formatShare(found[0].plane)} of the plane and ${formatShare(found[0].data)} of held-out data have F ≤ ${SMALL}.`,
    ),
    claim(
      2,
      'λ trades the volume of low energy against the fit: F is low on the data and high off it.',
      narrows && costs && valley,
      `with λ = ${LAMBDAS.join(', ')} the share of the plane with F ≤ ${SMALL} is ${shares}, and the error of reconstruction ${errors}.`,
    ),
  ]
}

function captionOf(lambda: number): string {
  if (lambda === 0) return 'λ = 0: every point is explained, and F says nothing about the data.'
  return lambda === LAMBDAS.at(-1)
    ? `λ = ${lambda}: the ends of the curve cost more than ${SMALL} themselves.`
    : `λ = ${lambda}.`
}

/** Points (x, ½ sin 3.2x) with |x| ≤ 1.1 and normal noise of deviation 0.04, [count, 2]. */
function noisyWave(count: number, seed: number, stream: number): Tensor {
  const random = rng(seed, stream)
  const points = zeros([count, 2])
  for (let i = 0; i < count; i++) {
    const x = 2.2 * random.uniform() - 1.1
    points.data[2 * i] = x + 0.04 * random.normal()
    points.data[2 * i + 1] = 0.5 * Math.sin(3.2 * x) + 0.04 * random.normal()
  }
  return points
}

/** How far out inference starts: half as far again as the furthest code of the training data. */
function reachOf({ data }: Tensor): number {
  return 1.5 * data.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
}

/**
 * F(y) = min over z of E(y, z) and what is decoded: the decoder is not convex, so inference starts at the best of a grid of codes
 * that covers [−extent, extent]².
 */
async function leastEnergies(
  model: LatentVariableModel,
  y: Tensor,
  search: { readonly extent: number; readonly lambda: number; readonly signal: AbortSignal | undefined },
): Promise<{ readonly energy: Float64Array; readonly decoded: Tensor }> {
  const { extent, lambda, signal } = search
  const starts = landscapeGrid({ x: [-extent, extent], side: STARTS })
  const { data: decoded } = await model.decode(fromDense(starts))
  const best = Uint32Array.from({ length: y.shape[0] }, (_, i) => {
    let [least, at] = [Number.POSITIVE_INFINITY, 0]
    for (let j = 0; j < starts.shape[0]; j++) {
      const misfit = (y.data[2 * i] - decoded[2 * j]) ** 2 + (y.data[2 * i + 1] - decoded[2 * j + 1]) ** 2
      const energy = 0.5 * misfit + lambda * (Math.abs(starts.data[2 * j]) + Math.abs(starts.data[2 * j + 1]))
      if (energy < least) [least, at] = [energy, j]
    }
    return at
  })
  const { codes, energy } = await model.encode(y, {
    warmStart: fromDense(takeRows(starts, best)),
    maxSteps: 100,
    tolerance: 1e-3,
    ...(signal ? { signal } : {}),
  })
  return { energy, decoded: await model.decode(codes) }
}

function rootMeanSquare(a: Tensor, b: Tensor): number {
  return Math.sqrt(mean(a.data.map((value, i) => (value - b.data[i]) ** 2)))
}
