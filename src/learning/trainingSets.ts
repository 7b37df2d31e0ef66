import type { Parameters } from '../energy/module.js'
import { OPTIMIZER_MEMORY_LIMIT, optimizerKernels } from '../kernels/optimizerKernels.js'
import type { Value } from '../runtime/runtime.js'
import type { AdaptiveRule } from './optimizers/optimizer.js'
import { gradientName, nextName, ruleName } from './trainingGraph.js'

export type Values = Record<string, Value>

/** Two sets of parameters and the optimizer's state. A step goes from one set to the other, and leaves the first as it was. */
export interface TrainingSets {
  /** By name. */
  readonly sets: readonly [Values, Values]
  /** What the step's graph reads of a set. */
  readonly feeds: readonly [Values, Values]
  /** What the graph fills on the way to a set. */
  readonly results: readonly [Values, Values]
  /** Ends a step towards a set after the graph has run. */
  finish(to: 0 | 1): { readonly gradientNorm: number; readonly finite: boolean }
}

const scalar = (): { readonly shape: readonly number[]; readonly data: Float32Array } => ({
  shape: [],
  data: new Float32Array(1),
})

/** Sets between which the graph itself takes the whole step. */
export function graphSets(parameters: Parameters, state: Parameters): TrainingSets {
  const copies = (): Values =>
    Object.fromEntries(
      Object.entries({ ...parameters, ...state }).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.slice() },
      ]),
    )
  const sets = [copies(), copies()] as const
  const gradientNorm = scalar()
  const health = scalar()
  const into = (set: Values): Values => ({
    ...Object.fromEntries(Object.entries(set).map(([name, value]) => [nextName(name), value])),
    gradientNorm,
    health,
  })
  return {
    sets,
    feeds: sets,
    results: [into(sets[0]), into(sets[1])],
    finish: () => ({
      gradientNorm: gradientNorm.data[0],
      finite: Number.isFinite(gradientNorm.data[0]) && Number.isFinite(health.data[0]),
    }),
  }
}

/** Tensors begin at multiples of 64 bytes. */
const ALIGNMENT = 16
/** Parameters, mean and square of each set, and the gradients. */
const BLOCKS = 7
/** Keeps 0/(√0 + offset) at 0 where tensors do not fill their place. */
const LEAST_OFFSET = 2 ** -126

const roomOf = ({ data }: { readonly data: Float32Array }): number => Math.ceil(data.length / ALIGNMENT) * ALIGNMENT

const blockOf = (parameters: Parameters): number =>
  Object.values(parameters).reduce((total, tensor) => total + roomOf(tensor), 0)

/** Whether parameters, with all that a step of the kernel needs, fit in its memory. */
export const fitsKernel = (parameters: Parameters): boolean =>
  4 * BLOCKS * blockOf(parameters) <= OPTIMIZER_MEMORY_LIMIT

/** Sets in a kernel's memory: the graph gives gradients, and the kernel takes Adam's step. */
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
  const views = (place: number, rename: (name: string) => string): Values => {
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
  const setOf = (place: number): Values => ({
    ...views(place, own),
    ...views(place + 1, (name) => `mean.${name}`),
    ...views(place + 2, (name) => `square.${name}`),
  })
  const sets = [setOf(0), setOf(3)] as const
  for (const [name, { data }] of Object.entries({ ...parameters, ...state })) {
    for (const set of sets) (set[name].data as Float32Array).set(data)
  }
  const numbers = { kept: scalar(), scale: scalar(), offset: scalar() }
  const norm = scalar()
  const results: Values = {
    ...views(6, gradientName),
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [ruleName(name), value])),
    ...(clipped ? { gradientNorm: norm } : {}),
  }
  return {
    sets,
    feeds: [views(0, own), views(3, own)],
    results: [results, results],
    finish(to) {
      const [kept, scale, offset] = [numbers.kept.data[0], numbers.scale.data[0], numbers.offset.data[0]]
      const [source, target] = to === 1 ? [0, 3 * bytes] : [3 * bytes, 0]
      const least = Math.max(offset, LEAST_OFFSET)
      const gradients = 6 * bytes
      const health = kernels.adaptive(
        ...([source, target, gradients, bytes, beta1, beta2, weightDecay, kept, scale, least] as const),
      )
      const used = Math.sqrt(kernels.gradientSquares())
      const gradientNorm = clipped ? norm.data[0] : used
      return { gradientNorm, finite: Number.isFinite(gradientNorm) && Number.isFinite(used) && health === 0 }
    },
  }
}
