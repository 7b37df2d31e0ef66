import { compareConvolutional } from '../lib/compareConvolutional.js'
import { dictionary64, greyImages, imageProblem, signalProblem } from '../lib/convolutionalProblems.js'

/** From `first` on by a share of about `step`, in whole numbers. @param {number} first @param {number} step @param {number} last */
function rising(first, step, last) {
  const values = [first]
  for (let value = first; value < last; value = values[values.length - 1]) {
    values.push(Math.max(value + 1, Math.round(value * (1 + step))))
  }
  return values
}

const iterations = {
  settings: rising(30, 0.03, 1000),
  note: (/** @type {number} */ setting) => `${setting} iterations`,
}
/** Least updates of 10⁻ᵈ to 10⁻⁵, as digits. */
const updates = (/** @type {number} */ first) => ({
  settings: Array.from({ length: 1 + 6 * (5 - first) }, (_, i) => first + i / 6),
  note: (/** @type {number} */ setting) => `tol ${(10 ** -setting).toPrecision(2)}`,
})

/**
 * The peers at their fastest settings of those tried: SPORCO's ADMM starts from ρ = 200 λ (against 50 λ + 1, 10 λ to 100 λ fixed, and
 * no relaxation), its FISTA backtracks robustly (against a fixed step, Cauchy's and Barzilai and Borwein's steps, and other momenta).
 * @type {readonly import('../lib/compareConvolutional.js').Solver[]}
 */
const circular = [
  {
    name: 'ADMM',
    package: 'SPORCO',
    solver: 'sporco-admm',
    ...iterations,
    options: {},
    parallel: true,
    cap: 60,
    repeats: 3,
  },
  {
    name: 'FISTA',
    package: 'SPORCO',
    solver: 'sporco-pgm',
    ...iterations,
    options: {},
    parallel: true,
    cap: 60,
    repeats: 1,
  },
]

/** @type {readonly import('../lib/compareConvolutional.js').Solver[]} */
const images = [
  {
    name: 'LGCD',
    package: 'DiCoDiLe',
    solver: 'dicodile-lgcd',
    ...updates(2.5),
    options: {},
    parallel: false,
    cap: 60,
    repeats: 1,
  },
]

/** @type {readonly import('../lib/compareConvolutional.js').Solver[]} */
const signals = [
  {
    name: 'LGCD',
    package: 'alphacsc',
    solver: 'alphacsc-lgcd',
    ...updates(0),
    options: {},
    parallel: false,
    cap: 60,
    repeats: 3,
  },
]

/**
 * Seconds to within 10⁻³ of the optimum: grey photographs of 256×256 over 64 kernels of 8×8 at λ = 0.05, above a Gaussian of σ = 5, wrapped
 * round (SPORCO) and with kernels wholly inside (greedy coordinate descent), and a signal of four channels. @type {import('../run.js').Benchmark}
 */
export async function csc(job) {
  const { name, kernels } = await dictionary64(job)
  const pictures = await greyImages(job)
  const cases = []
  for (const { name: picture, image } of pictures) {
    const problem = imageProblem(image, kernels, 'circular')
    cases.push(...(await compareConvolutional(problem, { ...job, title: `${picture}, circular`, solvers: circular })))
  }
  const valid = imageProblem(pictures[0].image, kernels, 'valid')
  cases.push(...(await compareConvolutional(valid, { ...job, title: `${pictures[0].name}, valid`, solvers: images })))
  cases.push(...(await compareConvolutional(signalProblem(), { ...job, title: 'signal, valid', solvers: signals })))
  return { data: `${pictures.map(({ name: picture }) => picture).join(', ')}; ${name}`, cases }
}
