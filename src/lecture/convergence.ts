import { digits } from '../data/digits.js'
import { l1 } from '../energy/regularizers/l1.js'
import { linearEncoder } from '../inference/linear/linearEncoder.js'
import { activeSet, coordinateDescent, fista, ista } from '../inference/linear/solvers.js'
import { rng } from '../tensor/random.js'
import { rows, type Tensor, takeRows } from '../tensor/tensor.js'
import { convergenceRace } from '../views/convergenceRace.js'
import type { SectionContext, SectionResult } from './section.js'

const LAMBDA = 0.3
const ATOMS = 256
const DIGITS = 16
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

export const convergenceProgram = `import { digits, fista, l1, linearEncoder, rows } from 'energia'

const { observations } = await digits()
const encoder = await linearEncoder({ atoms: rows(observations, 0, 256), regularizer: l1({ lambda: 0.3 }) })
const { gap } = await encoder.encode(rows(observations, 300, 316), { solver: fista(), maxSteps: 64, tolerance: 0 })
console.log(gap)`

/** System 5 of the lecture: how fast ISTA, FISTA and their rivals close the duality gap. */
export async function convergence(context: SectionContext): Promise<SectionResult> {
  const { observations } = await digits()
  const atoms = dictionary(observations, context.seed)
  const sample = rows(observations, observations.shape[0] - DIGITS, observations.shape[0])
  const encoder = await linearEncoder({
    atoms,
    regularizer: l1({ lambda: LAMBDA }),
    ...(context.threads === undefined ? {} : { threads: context.threads }),
  })
  const solvers = [ista(), fista(), coordinateDescent(), activeSet()]
  const racers: { name: string; at: number[]; gap: number[] }[] = []
  for (const [place, solver] of solvers.entries()) {
    const gaps: number[] = []
    for (const maxSteps of STEPS) {
      context.say(`${solver.name}, ${maxSteps} steps`, place / solvers.length)
      const { gap, energy } = await encoder.encode(sample, { solver, maxSteps, tolerance: 0 })
      gaps.push(gap!.reduce((sum, value, i) => sum + value / energy[i], 0) / DIGITS)
    }
    racers.push({ name: solver.name, at: STEPS, gap: gaps })
  }
  encoder.dispose()
  const after = (name: string) => racers.find((racer) => racer.name === name)!.gap[STEPS.indexOf(64)]
  const numbers = [
    { label: 'Relative gap of ISTA after 64 steps', value: after('ista') },
    { label: 'Relative gap of FISTA after 64 steps', value: after('fista') },
  ]
  const charts = { 'convergence.svg': await convergenceRace(racers) }
  return {
    pictures: {},
    charts,
    numbers,
    section: {
      id: 'convergence',
      heading: 'ISTA, FISTA and their rivals',
      prose: [
        `${DIGITS} digits are coded over ${ATOMS} others as atoms, λ = ${LAMBDA}; the mean certified duality gap, relative to the energy, after so many steps. A step of ISTA and FISTA is one gradient step, of coordinate descent one sweep, of the active set one round on its working set.`,
        'ISTA’s error falls like 1/k, FISTA’s like 1/k²; coordinate descent and the active set use the structure of the problem and end exactly.',
      ],
      figures: [
        {
          svg: charts['convergence.svg'],
          width: 'full',
          caption: 'Relative duality gap after so many steps.',
          alt: 'Four falling curves; ISTA is the slowest, the active set the fastest',
        },
      ],
      numbers,
      program: convergenceProgram,
    },
  }
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
