import type { Parameters } from '../energy/module.js'
import { OPTIMIZER_MEMORY_LIMIT, optimizerKernels } from '../kernels/optimizerKernels.js'
import type { Value } from '../runtime/runtime.js'
import type { AdaptiveRule } from './optimizers/optimizer.js'
import { gradientName, nextName, ruleName } from './trainingGraph.js'

export type Values = Record<string, Value>

/** What a step came to. */
export interface Finished {
  /** ‖g‖ before clipping. */
  readonly gradientNorm: number
  /** Whether the step was taken; all is as it was before where it was not. */
  readonly taken: boolean
}

/** The memory of parameters and of the optimizer's state, in which a step's graph reads and leaves its results. */
export interface TrainingSets {
  /** Parameters and state as they stand, by name. */
  readonly set: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>
  /** What the step's graph reads of the set. */
  readonly feeds: Values
  /** What the graph fills. */
  readonly results: Values
  /** Ends a step after the graph has run. It is not taken where the loss is not `sound`, or a number of the gradient or the set not finite. */
  finish(sound: boolean): Finished
  /** Replaces all of the set. */
  write(given: Parameters): void
}

const scalar = (): { readonly shape: readonly number[]; readonly data: Float32Array } => ({
  shape: [],
  data: new Float32Array(1),
})

/** Two sets of memory: the graph itself takes the whole step from one to the other, and the first becomes the next one's place. */
export function graphSets(parameters: Parameters, state: Parameters): TrainingSets {
  const copies = () =>
    Object.fromEntries(
      Object.entries({ ...parameters, ...state }).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.slice() },
      ]),
    )
  const gradientNorm = scalar()
  const health = scalar()
  const into = (set: TrainingSets['set']): Values => ({
    ...Object.fromEntries(Object.entries(set).map(([name, value]) => [nextName(name), value])),
    gradientNorm,
    health,
  })
  let [set, other] = [copies(), copies()]
  let [results, back] = [into(other), into(set)]
  return {
    get set() {
      return set
    },
    get feeds() {
      return set
    },
    get results() {
      return results
    },
    finish(sound) {
      const taken = sound && Number.isFinite(gradientNorm.data[0]) && Number.isFinite(health.data[0])
      if (taken) {
        ;[set, other] = [other, set]
        ;[results, back] = [back, results]
      }
      return { gradientNorm: gradientNorm.data[0], taken }
    },
    write: (given) => fill(set, given),
  }
}

function fill(set: TrainingSets['set'], given: Parameters): void {
  for (const name in set) set[name].data.set(given[name].data)
}

/** Tensors begin at multiples of 64 bytes. */
const ALIGNMENT = 16
/** Parameters, mean, square and gradients. */
const BLOCKS = 4
/** Keeps 0/(√0 + offset) at 0 where tensors do not fill their place. */
const LEAST_OFFSET = 2 ** -126
/** Numbers below are finite in single precision, and far enough from its end for rounding. */
const LARGEST = 1e38

const roomOf = ({ data }: { readonly data: Float32Array }): number => Math.ceil(data.length / ALIGNMENT) * ALIGNMENT

const blockOf = (parameters: Parameters): number =>
  Object.values(parameters).reduce((total, tensor) => total + roomOf(tensor), 0)

/** Bytes of {@link kernelSets} or {@link graphSets}, without the place of a step's results. */
export function setBytes(parameters: Parameters, state: Parameters): number {
  return 4 * (blockOf(parameters) + blockOf(state))
}

/** Whether parameters, with all that a step of the kernel needs, fit in its memory. */
export const fitsKernel = (parameters: Parameters): boolean =>
  4 * BLOCKS * blockOf(parameters) <= OPTIMIZER_MEMORY_LIMIT

/** What |p|, |M| and V do not exceed. */
interface Bounds {
  readonly parameter: number
  readonly mean: number
  readonly square: number
}

/**
 * One set in a kernel's memory: the graph gives gradients, and the kernel takes Adam's step in place, which halves the memory that
 * passes through the caches. What a step cannot exceed is known before it; only where that is near the end of single precision
 * is the set copied first, and the copy put back where a number became infinite.
 */
export async function kernelSets(
  parameters: Parameters,
  state: Parameters,
  { beta1, beta2, weightDecay }: AdaptiveRule,
  clipped: boolean,
): Promise<TrainingSets> {
  const names = Object.keys(parameters)
  const block = blockOf(parameters)
  const bytes = 4 * block
  const { buffer, kernels } = await optimizerKernels(BLOCKS * bytes)
  /** The tensors of a block of memory, in the shapes of the parameters. */
  const views = (place: number, rename: (name: string) => string) => {
    let at = place * bytes
    return Object.fromEntries(
      names.map((name) => {
        const { shape, data } = parameters[name]
        const view = new Float32Array(buffer, at, data.length)
        at += 4 * roomOf(parameters[name])
        return [rename(name), { shape, data: view }]
      }),
    )
  }
  const own = (name: string) => name
  const set = { ...views(0, own), ...views(1, (name) => `mean.${name}`), ...views(2, (name) => `square.${name}`) }
  fill(set, { ...parameters, ...state })
  // Memory that was never written is not counted as held, and the first step would find less of it than it was told.
  new Float32Array(buffer, 3 * bytes, block).fill(0)
  const numbers = { kept: scalar(), scale: scalar(), offset: scalar() }
  const norm = scalar()

  const blocks = [0, 1, 2].map((place) => new Float32Array(buffer, place * bytes, block))
  const measured = (): Bounds => {
    const [parameter, mean, square] = blocks.map(largest)
    return { parameter, mean, square }
  }
  /** Undefined until the next step needs them. */
  let bounds: Bounds | undefined

  /** Moves the set along gradients of the norm `slope`; leaves it, and gives false, where a number would become infinite. */
  function move(slope: number): boolean {
    const [kept, scale] = [numbers.kept.data[0], numbers.scale.data[0]]
    const offset = Math.max(numbers.offset.data[0], LEAST_OFFSET)
    const before = bounds ?? measured()
    const gradient = slope + weightDecay * before.parameter
    const mean = beta1 * before.mean + gradient
    const square = beta2 * before.square + gradient ** 2
    const reached = Math.abs(kept) * before.parameter + (Math.abs(scale) * mean) / offset
    const safe = mean < LARGEST && square < LARGEST && reached < LARGEST
    const copies = safe ? [] : blocks.map((each) => each.slice())
    const parameter = kernels.adaptive(0, 3 * bytes, bytes, beta1, beta2, weightDecay, kept, scale, offset)
    bounds = safe ? { parameter, mean, square } : measured()
    if (safe || Object.values(bounds).every(Number.isFinite)) return true
    for (const [place, copy] of copies.entries()) blocks[place].set(copy)
    bounds = undefined
    return false
  }

  return {
    set,
    feeds: views(0, own),
    results: {
      ...views(3, gradientName),
      ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [ruleName(name), value])),
      ...(clipped ? { gradientNorm: norm } : {}),
    },
    finish(sound) {
      const used = Math.sqrt(kernels.squares(3 * bytes, bytes))
      const gradientNorm = clipped ? norm.data[0] : used
      const taken = sound && Number.isFinite(gradientNorm) && Number.isFinite(used) && move(used)
      return { gradientNorm, taken }
    },
    write(given) {
      fill(set, given)
      bounds = undefined
    },
  }
}

/** The largest absolute value; NaN where there is one. */
function largest(numbers: Float32Array): number {
  let found = 0
  for (let i = 0; i < numbers.length; i++) {
    const size = Math.abs(numbers[i])
    if (Number.isNaN(size)) return size
    if (size > found) found = size
  }
  return found
}
