import { digits } from '../data/digits.js'
import { l1 } from '../energy/regularizers/l1.js'
import { linearEncoder } from '../inference/linear/linearEncoder.js'
import { activeSet, coordinateDescent, fista, ista } from '../inference/linear/solvers.js'
import { rng } from '../tensor/random.js'
import { rows, type Tensor, takeRows } from '../tensor/tensor.js'
import { convergenceRace } from '../views/convergenceRace.js'
import { energyGapRace } from '../views/energyGapRace.js'
import { formatNumber } from '../views/formatNumber.js'
import type { ReportNumber } from '../views/report.js'
import { claim, mean, type SectionContext, type SectionResult } from './section.js'

const LAMBDA = 0.3
const ATOMS = 256
const DIGITS = 16
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
/** Steps after which the gaps are told. */
const TOLD = 64
/** The relative gap to which the least energy is known. */
const EXACT = 1e-9

export const convergenceProgram = `import { convergenceRace, digits, fista, ista, l1, linearEncoder, rows } from 'energia'

const { observations } = await digits()
const encoder = await linearEncoder({ atoms: rows(observations, 0, ${ATOMS}), regularizer: l1({ lambda: ${LAMBDA} }) })
const at = [${STEPS.slice(0, 9).join(', ')}]
const race = async (solver) => Promise.all(at.map(async (maxSteps) => {
  const { gap, energy } = await encoder.encode(rows(observations, 300, 301), { solver, maxSteps, tolerance: 0 })
  return gap[0] / energy[0]
}))
const svg = await convergenceRace([{ name: 'ISTA', at, gap: await race(ista()) }, { name: 'FISTA', at, gap: await race(fista()) }])`

/** System 5 of the lecture: how fast ISTA, FISTA and their rivals close the duality gap, and the rates that are promised. */
export async function convergence(context: SectionContext): Promise<SectionResult> {
  const { observations } = await digits()
  const atoms = dictionary(observations, context.seed)
  const sample = rows(observations, observations.shape[0] - DIGITS, observations.shape[0])
  const encoder = await linearEncoder({
    atoms,
    regularizer: l1({ lambda: LAMBDA }),
    ...(context.threads === undefined ? {} : { threads: context.threads }),
  })
  const stoppable = context.signal ? { signal: context.signal } : {}
  const solvers = [ista(), fista(), coordinateDescent(), activeSet()]
  const racers: { name: string; at: number[]; gap: number[]; energies: Float64Array[] }[] = []
  for (const [place, solver] of solvers.entries()) {
    const energies: Float64Array[] = []
    const gaps: number[] = []
    for (const maxSteps of STEPS) {
      context.say(`${solver.name}, ${maxSteps} steps`, place / solvers.length)
      const { gap, energy } = await encoder.encode(sample, { solver, maxSteps, tolerance: 0, ...stoppable })
      gaps.push(mean(gap!.map((value, i) => value / energy[i])))
      energies.push(energy)
    }
    racers.push({ name: solver.name, at: STEPS, gap: gaps, energies })
  }
  const best = await encoder.encode(sample, { solver: activeSet(), tolerance: EXACT })
  encoder.dispose()
  const distances = squaredNorms(best.codes.values, best.codes.indptr)
  const steepness = largestEigenvalue(atoms)
  /** Whether the energy above the least is within the promise after every number of steps, and what share of it is used at most. */
  const rate = (energies: readonly Float64Array[], promise: (steps: number) => number) => {
    let used = 0
    for (const [at, steps] of STEPS.entries()) {
      for (let i = 0; i < DIGITS; i++) {
        const above = energies[at][i] - best.energy[i]
        used = Math.max(used, above / (steepness * distances[i] * promise(steps)))
      }
    }
    return used
  }
  const [slow, fast] = racers
  const istaRate = (k: number) => 1 / (2 * k)
  const fistaRate = (k: number) => 2 / (k + 1) ** 2
  const [usedByIsta, usedByFista] = [rate(slow.energies, istaRate), rate(fast.energies, fistaRate)]
  const after = (racer: { gap: number[] }) => racer.gap[STEPS.indexOf(TOLD)]
  const worst = Math.max(...best.gap!.map((gap, i) => gap / best.energy[i]))
  const numbers: ReportNumber[] = [
    { label: `Relative gap of ISTA after ${TOLD} steps`, value: after(slow) },
    { label: `Relative gap of FISTA after ${TOLD} steps`, value: after(fast) },
    { label: 'Most of its promise that ISTA needs', value: usedByIsta, note: 'of L‖z*‖²/(2k), at any digit and any k' },
    { label: 'Most of its promise that FISTA needs', value: usedByFista, note: 'of 2L‖z*‖²/(k + 1)², likewise' },
    {
      label: 'Certified relative gap of the least energy',
      value: worst,
      note: 'by the active set, in double precision',
    },
  ]
  const above = ({ name, energies }: (typeof racers)[number]) => ({
    name,
    at: STEPS,
    gap: energies.map((energy) => mean(energy.map((value, i) => Math.max(0, value / best.energy[i] - 1)))),
  })
  const promised = (name: string, promise: (k: number) => number) => ({
    name,
    at: STEPS,
    gap: STEPS.map((k) => mean(best.energy.map((energy, i) => (steepness * distances[i] * promise(k)) / energy))),
  })
  const charts = {
    'convergence.svg': await convergenceRace(racers, { scale: 'log' }),
    'convergence-rates.svg': await energyGapRace([
      above(slow),
      above(fast),
      promised('promised of ISTA', istaRate),
      promised('promised of FISTA', fistaRate),
    ]),
  }
  return {
    pictures: {},
    charts,
    section: {
      heading: 'ISTA, FISTA and their rivals',
      prose: [
        `z ← shrink(z − (1/L)Wᵀ(Wz − y), λ/L) is ISTA; FISTA adds momentum, and L is the largest eigenvalue of WᵀW, here ${formatNumber(steepness, 4)}. ${DIGITS} digits are coded over ${ATOMS} others as atoms, λ = ${LAMBDA}. A step of ISTA and FISTA is one gradient step, of coordinate descent one sweep, of the active set one round on its working set.`,
        'A duality gap bounds how far an energy is from the least one without knowing that; here both are drawn.',
      ],
      claims: [
        claim(
          5,
          'ISTA’s energy approaches the least one like 1/k and FISTA’s like 1/k²: by at most L‖z*‖²/(2k) and 2L‖z*‖²/(k + 1)² after k steps.',
          usedByIsta <= 1 && usedByFista <= 1 && after(fast) < after(slow),
          `over ${DIGITS} digits and up to ${STEPS.at(-1)?.toLocaleString('en')} steps ISTA is within its bound, of which it needs at most ${formatNumber(usedByIsta, 2)}, and FISTA within its own, of which it needs ${formatNumber(usedByFista, 2)}; after ${TOLD} steps the certified relative gaps are ${formatNumber(after(slow), 2)} and ${formatNumber(after(fast), 2)}.`,
        ),
      ],
      figures: [
        {
          svg: charts['convergence.svg'],
          width: 'full',
          caption: 'Certified relative duality gap after so many steps, mean of the digits.',
          alt: 'Four falling curves; ISTA is the slowest, the active set the fastest',
        },
        {
          svg: charts['convergence-rates.svg'],
          width: 'full',
          caption: 'Energy above the least one, relative to it, and the bounds that theory gives.',
          alt: 'Two measured curves below two straight lines, that of FISTA falling twice as steeply',
        },
      ],
      numbers,
      program: convergenceProgram,
    },
  }
}

/** ‖z‖² of each row of codes: how far the solution is from where solvers begin. */
function squaredNorms(values: Float32Array, indptr: Int32Array): number[] {
  return Array.from({ length: indptr.length - 1 }, (_, i) =>
    values.subarray(indptr[i], indptr[i + 1]).reduce((sum, value) => sum + value * value, 0),
  )
}

/** The largest eigenvalue of WᵀW by power iteration, from below. */
function largestEigenvalue({ shape: [count], data }: Tensor): number {
  const size = data.length / count
  let z = new Float64Array(count).fill(1 / Math.sqrt(count))
  let eigenvalue = 0
  for (let round = 0; round < 100; round++) {
    const y = new Float64Array(size)
    for (let j = 0; j < count; j++) for (let p = 0; p < size; p++) y[p] += z[j] * data[j * size + p]
    const next = new Float64Array(count)
    for (let j = 0; j < count; j++) for (let p = 0; p < size; p++) next[j] += y[p] * data[j * size + p]
    eigenvalue = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0))
    z = next.map((value) => value / eigenvalue)
  }
  return eigenvalue
}

/** Random digits, each normalized, as atoms. */
function dictionary(observations: Tensor, seed: number): Tensor {
  const order = rng(seed, 2).shuffle(Array.from({ length: observations.shape[0] - DIGITS }, (_, i) => i))
  const atoms = takeRows(observations, order.slice(0, ATOMS))
  const size = atoms.data.length / ATOMS
  for (let j = 0; j < ATOMS; j++) {
    const atom = atoms.data.subarray(j * size, (j + 1) * size)
    const norm = Math.sqrt(atom.reduce((sum, value) => sum + value * value, 0))
    for (let p = 0; p < size; p++) atom[p] /= norm
  }
  return atoms
}
