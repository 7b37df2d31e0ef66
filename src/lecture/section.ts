import { openStore } from '#artifacts/store'
import { checkpointFile } from '../artifacts/checkpoint.js'
import { checkFree } from '../artifacts/hold.js'
import { createRun, modelFile } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import type { Images, Observations } from '../data/observations.js'
import type { Picture } from '../data/picture.js'
import { loadModel, type ModelName, type Models } from '../models/loadModel.js'
import type { RuntimeOptions } from '../runtime/runtime.js'
import { DataError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ReportNumber, ReportSection } from '../views/report.js'
import type { ReportClaim } from '../views/reportClaims.js'
import { systems } from './systems.js'

/** A section of the lecture: the systems of its table that it shows, and how it is made. */
export interface LectureSection {
  /** What it is asked for by, its address in the page, and the beginning of the names of its files. */
  readonly name: string
  /** Numbers of {@link systems}; the section's result has a claim about each, in this order. */
  readonly systems: readonly number[]
  readonly make: (context: SectionContext) => Promise<SectionResult>
}

/** What a section is given to work with. */
export interface SectionContext {
  readonly name: string
  /** The folder in which the section may save its models and pictures. */
  readonly out: string
  /** Whether all of it is to be made; a section says in `reduced` what it leaves out otherwise. */
  readonly full: boolean
  readonly seed: number
  readonly threads: number | undefined
  readonly signal: AbortSignal | undefined
  /** Images in colour to learn from, where they were given. */
  readonly colours?: Images
  /** What is known of the lecture's progress: see {@link learned}. */
  readonly progress: Store
  /** Says what is happening, with the share of the section that is done. */
  readonly say: (message: string, fraction: number) => void
}

/** What a section leaves. It is saved when the section is finished, so that a lecture that is interrupted keeps it. */
export interface SectionResult {
  /** The section's part of the page; its figures show pictures and charts of this result. The page gives it its id. */
  readonly section: Omit<ReportSection, 'id' | 'reduced'>
  /** What the reduced form reduced, in a sentence: "Learned from 9,000 digits, of 60,000." None where nothing was. */
  readonly reduced?: string
  /** Pictures to be written as PNG, by file name. */
  readonly pictures: Readonly<Record<string, Picture>>
  /** Charts to be written as SVG, by file name. */
  readonly charts: Readonly<Record<string, string>>
}

/** What every model of the lecture is made with. */
export function modelOptions({ seed, threads }: SectionContext): { seed: number; threads?: number } {
  return { seed, ...(threads === undefined ? {} : { threads }) }
}

/** The same for models that are graphs. */
export function graphOptions({ seed, threads }: SectionContext): { seed: number; runtime?: { threads: number } } {
  return { seed, ...(threads === undefined ? {} : { runtime: { threads } }) }
}

/** Options of fit that make a run of the lecture's folder. */
export interface LectureRun {
  readonly run: string
  readonly overwrite?: true
  readonly resume?: true
  readonly signal?: AbortSignal
}

/**
 * A model of the lecture, kept as a run in its folder, called like the section and, where that has several, the variant. Where a
 * lecture that was interrupted goes on, a model that it had finished is loaded, and one that it had begun goes on from its checkpoint.
 * Runs of an earlier lecture are never taken for its own: a run belongs to it once `progress` has a file of its name.
 */
export function learned<Name extends ModelName>(
  context: SectionContext,
  model: Name,
  learn: (run: LectureRun) => Promise<Models[Name]>,
  variant?: string | number,
): Promise<Models[Name]> {
  return keptRun(context, learn, (path, options) => loadModel(path, { model, ...options }), variant)
}

/** The same for what is learned and loaded by other functions than those of models. */
export async function keptRun<Learned>(
  { name, out, progress, threads, signal }: SectionContext,
  learn: (run: LectureRun) => Promise<Learned>,
  load: (path: string, options: { readonly threads?: number; readonly runtime?: RuntimeOptions }) => Promise<Learned>,
  variant?: string | number,
): Promise<Learned> {
  const run = `${name}${variant === undefined ? '' : `-${variant}`}`
  const path = `${out}/${run}`
  const options = { run: path, ...(signal ? { signal } : {}) }
  if (await progress.exists(`${run}.begun`)) {
    const { state } = await createRun(path, { resume: true })
    if (state !== 'finished') return learn({ ...options, resume: true })
    return load(path, threads === undefined ? {} : { threads, runtime: { threads } })
  }
  const store = openStore(path)
  await checkFree(store)
  for (const file of [modelFile, checkpointFile]) await store.remove(file)
  await progress.writeAtomic(`${run}.begun`, new Uint8Array(0))
  return learn({ ...options, overwrite: true })
}

/** The `reduced` of a section's result, which the full form has not. */
export function reducedTo({ full }: SectionContext, what: string): { readonly reduced?: string } {
  return full ? {} : { reduced: what }
}

/** What the lecture claims of a system, and whether what was measured here bears it out. */
export function claim(system: number, said: string, holds: boolean, measured: string): ReportClaim {
  return { number: system, title: systems[system], said, holds, measured }
}

/** Observations [n, h, w] cut in two along their rows: the upper ones [n, at, w] and the rest. */
export function halves({ shape, data }: Tensor, at: number): { readonly x: Tensor; readonly y: Tensor } {
  const [count, height, width] = shape
  const part = (from: number, to: number): Tensor => {
    const size = (to - from) * width
    const cut = new Float32Array(count * size)
    for (let i = 0; i < count; i++) {
      const start = (i * height + from) * width
      cut.set(data.subarray(start, start + size), i * size)
    }
    return { shape: [count, to - from, width], data: cut }
  }
  return { x: part(0, at), y: part(at, height) }
}

/** The first `count` observations of a source, which must hold as many. */
export async function firstBatch(source: Observations, count: number): Promise<Tensor> {
  for await (const batch of source.batches({ batchSize: count })) return batch
  throw new DataError(`${source.name} holds no observation; ${count} are needed.`)
}

/** The arithmetic mean; 0 of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return values.length === 0 ? 0 : sum / values.length
}

/** Summary numbers of codes, in the words of the report. */
export function codeNumbers(numbers: {
  energy: Float64Array
  gap: Float64Array
  active: number
  inUse: number
  atoms: number
  seconds: number
}): ReportNumber[] {
  const { energy, gap } = numbers
  const mean = energy.reduce((sum, value) => sum + value, 0) / energy.length
  let worst = 0
  for (let i = 0; i < energy.length; i++) if (energy[i] > 0) worst = Math.max(worst, gap[i] / energy[i])
  return [
    {
      label: 'Objective an observation',
      value: mean,
      note: 'mean free energy of all observations, exact to the gap below',
    },
    { label: 'Active coefficients a code', value: numbers.active },
    { label: 'Worst certified relative gap', value: worst, note: 'duality gap over energy, in double precision' },
    { label: 'Atoms in use', value: `${numbers.inUse} of ${numbers.atoms}`, note: 'used by at least one observation' },
    { label: 'Learning', value: numbers.seconds, unit: 's' },
  ]
}
