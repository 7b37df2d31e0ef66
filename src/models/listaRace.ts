import { l1 } from '../energy/regularizers/l1.js'

import { type Codes, toDense } from '../inference/codes.js'
import type { Inference } from '../inference/inference.js'
import { linearEncoder } from '../inference/linear/linearEncoder.js'
import { coordinateDescent, fista, ista } from '../inference/linear/solvers.js'
import { ConfigurationError } from '../tensor/errors.js'
import { sameShape, type Tensor } from '../tensor/tensor.js'
import type { AmortizedModel } from './listaModel.js'

/** One way to find codes: what it reached after so many steps. */
export interface CodeRacer {
  readonly name: string
  /** Steps from z = 0, each with a threshold; a sweep is one of coordinate descent. */
  readonly at: readonly number[]
  /** Mean energy above the least one, relative to the mean least energy. */
  readonly gap: readonly number[]
  /** Mean of (z − z*)² over all numbers of all codes. */
  readonly squaredError: readonly number[]
}

export interface CodeRaceOptions {
  /** Encoders for one dictionary and λ, of different numbers of steps. */
  readonly models: readonly AmortizedModel[]
  /** What is coded, [n, …], as the models take it. */
  readonly observations: Tensor
  /** Where solvers are measured. */
  readonly steps?: readonly number[]
  readonly signal?: AbortSignal
  readonly threads?: number
}

const STEPS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
const EXACT = 1e-9

/**
 * The race of ISTA, FISTA, coordinate descent and the given encoders to the codes of least energy of E = ½‖y − Wz‖² + λ‖z‖₁: what
 * `energyGapRace` draws. LISTA of K steps counts as K + 1, its first guess being one. Throws ConfigurationError where the encoders
 * are for different problems.
 */
export async function codeRace(options: CodeRaceOptions): Promise<CodeRacer[]> {
  const { models, observations, steps = STEPS, signal, threads } = options
  const [first] = models
  if (!first) throw new ConfigurationError('A race needs at least one encoder; give models.')
  for (const { atoms, settings } of models) {
    const same =
      settings.lambda === first.settings.lambda &&
      sameShape(atoms.shape, first.atoms.shape) &&
      atoms.data.every((value, i) => value === first.atoms.data[i])
    if (!same) throw new ConfigurationError('The encoders of a race must be for one dictionary and λ; train them so.')
  }
  const exact = await linearEncoder({
    atoms: first.atoms,
    regularizer: l1({ lambda: first.settings.lambda }),
    ...(threads === undefined ? {} : { threads }),
  })
  try {
    const stop = signal ? { signal } : {}
    const y = first.preprocess.apply(observations).output
    const best = await exact.encode(y, { tolerance: EXACT, ...stop })
    const judge = judgeAgainst(best)
    const racers: CodeRacer[] = []
    for (const [name, solver] of [
      ['ISTA', ista()],
      ['FISTA', fista()],
      ['coordinate descent', coordinateDescent()],
    ] as const) {
      const points = []
      for (const maxSteps of steps) {
        points.push({ at: maxSteps, ...judge(await exact.encode(y, { solver, maxSteps, tolerance: 0, ...stop })) })
      }
      racers.push(columns(name, points))
    }
    const encoders = []
    for (const model of models) {
      const { codes } = await model.encode(observations, stop)
      // The energy that all are judged by is that of sparse coding, without an encoder's own term.
      const found = await exact.encode(y, {
        solver: coordinateDescent(),
        maxSteps: 0,
        tolerance: 0,
        warmStart: codes,
        ...stop,
      })
      encoders.push({ at: stepsOf(model), ...judge(found) })
    }
    encoders.sort((a, b) => a.at - b.at)
    return [...racers, columns(first.encoder.kind === 'lista' ? 'LISTA' : first.encoder.kind, encoders)]
  } finally {
    exact.dispose()
  }
}

interface Point {
  readonly at: number
  readonly gap: number
  readonly squaredError: number
}

const columns = (name: string, points: readonly Point[]): CodeRacer => ({
  name,
  at: points.map(({ at }) => at),
  gap: points.map(({ gap }) => gap),
  squaredError: points.map(({ squaredError }) => squaredError),
})

function judgeAgainst(best: Inference): (found: Inference) => Omit<Point, 'at'> {
  const total = (energy: Float64Array) => energy.reduce((sum, value) => sum + value, 0)
  const least = total(best.energy)
  const optimal = toDense(best.codes).data
  return ({ energy, codes }) => ({
    // A code may be lower than the best one found by what its certificate leaves open.
    gap: Math.max(0, total(energy) - least) / least,
    squaredError: squaredDistance(codes, optimal),
  })
}

function squaredDistance(codes: Codes, optimal: Float32Array): number {
  let sum = 0
  for (const [i, value] of toDense(codes).data.entries()) sum += (value - optimal[i]) ** 2
  return sum / optimal.length
}

/** Thresholds on the way to a code. */
function stepsOf({ encoder }: AmortizedModel): number {
  const { steps } = encoder.describe()
  return typeof steps === 'number' ? steps + 1 : 1
}
