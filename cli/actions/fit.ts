import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  CancelledError,
  ConfigurationError,
  type FitOptions,
  type FitProgress,
  formatNumber,
  formatShape,
  fromTensor,
  type Images,
  type Observations,
  patches,
  type SparseCodingData,
  type SparseCodingModel,
  sparseCoding,
  type Tensor,
  toTensor,
} from '../../src/index.js'
import type { FitCommandOptions } from '../commands/fit.js'
import type { Session } from '../session.js'
import { asShare, HELD_OUT_LIMIT, splitImages, splitObservations } from './heldOut.js'
import { checkTogether, chosenRegularizer, chosenUpdate, imageSteps, observationSteps } from './learningParts.js'
import { worstRelativeGap } from './measures.js'
import { isImages, learningData } from './openData.js'
import { duration, numberTable } from './text.js'

/** Observations on which the finished model is measured. */
const SAMPLE = 1000

/** `energia fit sparse-coding`. */
export async function fit(session: Session, options: FitCommandOptions): Promise<void> {
  checkTogether(options)
  const regularizer = await chosenRegularizer(options)
  const { data, heldOut } = await prepared(options, session)
  const transform = imageSteps(options)

  const definition = sparseCoding({
    atoms: options.atoms,
    regularizer,
    update: chosenUpdate(options),
    preprocess: observationSteps(options),
    transform,
    seed: options.seed,
    ...session.threads,
    ...given({
      nonNegativeAtoms: options.nonnegativeAtoms,
      patch: isImages(data) ? options.patch : undefined,
      patchesPerEpoch: options.patchesPerEpoch,
      minimumDeviation: options.minimumDeviation,
      batchSize: options.batch,
      deadAfter: options.deadAfter,
      start: options.start,
      learningTolerance: options.learningTolerance,
    }),
  })
  const fitOptions: FitOptions = {
    run: options.out,
    signal: session.signal,
    onProgress: (progress) => session.progress('progress', progress, progressLine(progress)),
    ...given({
      epochs: options.epochs,
      seconds: options.seconds,
      heldOut,
      patience: options.patience,
      overwrite: options.overwrite,
      resume: options.resume,
      checkpointSeconds: options.checkpointSeconds,
    }),
  }
  session.event('start', {
    command: 'fit',
    model: 'sparse-coding',
    data: data.name,
    atoms: options.atoms,
    regularizer: regularizer.kind,
    out: options.out,
  })
  const model = await definition.fit(data, fitOptions).catch((error: unknown) => {
    throw error instanceof CancelledError ? stopped(options) : error
  })
  try {
    await summarize(model, data, options, session)
  } finally {
    model.dispose()
  }
}

/** The data, with what is held out of it. */
async function prepared(
  options: FitCommandOptions,
  session: Session,
): Promise<{ data: Observations | Images; heldOut: Tensor | Observations | undefined }> {
  let data = await learningData(options, session)
  // Standard input comes once, and learning walks through its data many times.
  if (options.data === '-' && !isImages(data)) data = fromTensor(await toTensor(data), data.name)
  checkSteps(options, data)
  if (options.heldOut === undefined) return { data, heldOut: undefined }

  const share = asShare(options.heldOut)
  if (share === undefined) {
    const other = await learningData({ ...options, data: options.heldOut }, session)
    if (!isImages(other) && !isImages(data) && formatShape(other.shape) !== formatShape(data.shape)) {
      throw new ConfigurationError(
        `--held-out ${options.heldOut} holds observations of ${formatShape(other.shape)}, and --data those of ${formatShape(data.shape)}; give data of one shape.`,
      )
    }
    return { data, heldOut: isImages(other) ? patchesOf(other, options, HELD_OUT_LIMIT) : other }
  }
  if (isImages(data)) {
    const { learning, heldOut } = splitImages(data, share)
    return { data: learning, heldOut: patchesOf(heldOut, options, HELD_OUT_LIMIT) }
  }
  const { learning, sample } = await splitObservations(data, share, session.signal)
  return { data: learning, heldOut: sample }
}

/** Random patches as learning draws them, but other ones. */
function patchesOf(images: Images, options: FitCommandOptions, count: number): Observations {
  return patches(images, {
    size: options.patch!, // images are learned from by patches only
    count,
    seed: options.seed + 1,
    transform: imageSteps(options),
    ...given({ minimumDeviation: options.minimumDeviation }),
  })
}

/** Throws ConfigurationError for options that need images where there are none. */
function checkSteps(options: FitCommandOptions, data: Observations | Images): void {
  if (isImages(data)) return
  const what = `${data.name} holds observations of ${formatShape(data.shape)}, not images to cut patches from`
  if (options.patch) throw new ConfigurationError(`${what}; leave --patch out.`)
  if (options.patchesPerEpoch !== undefined) throw new ConfigurationError(`${what}; leave --patches-per-epoch out.`)
  if (options.minimumDeviation !== undefined) throw new ConfigurationError(`${what}; leave --minimum-deviation out.`)
  if (options.whiten === 'olshausen') {
    throw new ConfigurationError(`${what}; --whiten olshausen filters whole images, use --whiten zca.`)
  }
  if (options.contrast === 'local') {
    throw new ConfigurationError(`${what}; --contrast local works on whole images, use --contrast global.`)
  }
}

/** What to say when learning was stopped: what is kept, and how to go on. */
function stopped({ out }: FitCommandOptions): CancelledError {
  if (!existsSync(join(out, 'checkpoint.safetensors'))) {
    return new CancelledError('Stopped before anything was learned; there is nothing to go on from.')
  }
  const again = process.argv.slice(2).filter((argument) => argument !== '--overwrite' && argument !== '--resume')
  return new CancelledError(
    `Stopped. A checkpoint is kept in ${out}; go on with:\n  energia ${[...again, '--resume'].map(quoted).join(' ')}`,
  )
}

const quoted = (argument: string): string =>
  /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`

/** Fits into 80 columns. */
function progressLine(progress: FitProgress): string {
  const { epoch, epochs, energy, heldOutEnergy, active, atomsInUse, seconds, fraction } = progress
  const left = fraction > 0.02 && fraction < 1 ? `, ${duration((seconds / fraction) * (1 - fraction))} left` : ''
  return [
    `${String(Math.floor(100 * fraction)).padStart(3)} %`,
    `epoch ${epoch.toFixed(1)}${epochs === undefined ? '' : `/${epochs}`}`,
    `energy ${formatNumber(energy)}${heldOutEnergy === undefined ? '' : ` (held out ${formatNumber(heldOutEnergy)})`}`,
    `active ${formatNumber(active, 3)}`,
    `${atomsInUse} atoms`,
    `${duration(seconds)}${left}`,
  ].join('  ')
}

/** Ends with measured numbers: the finished dictionary on a sample of the data. */
async function summarize(
  model: SparseCodingModel,
  data: Observations | Images,
  options: FitCommandOptions,
  session: Session,
): Promise<void> {
  const last = model.history.at(-1)
  const sample = await sampleOf(data, options)
  const { energy, gap, codes, status } = await model.encode(sample, { signal: session.signal })
  const worst = gap === undefined ? undefined : worstRelativeGap(energy, gap)
  const unsolved = status.filter((each) => each !== 'converged').length
  if (unsolved > 0) {
    session.note(
      `${formatNumber(unsolved)} of ${formatNumber(status.length)} observations of the sample did not converge; energia encode says why.`,
    )
  }
  const numbers = {
    objective: energy.reduce((sum, value) => sum + value, 0) / energy.length,
    ...(last?.heldOutEnergy === undefined ? {} : { heldOutObjective: last.heldOutEnergy }),
    active: codes.indices.length / codes.shape[0],
    ...(worst === undefined ? {} : { worstRelativeGap: worst }),
    converged: status.filter((each) => each === 'converged').length,
    sample: codes.shape[0],
    atoms: options.atoms,
    atomsInUse: model.usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0),
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
  }
  session.event('done', { ...numbers, out: options.out })
  session.print(
    numberTable([
      ['objective per observation', formatNumber(numbers.objective), `on ${formatNumber(numbers.sample)} observations`],
      ...(numbers.heldOutObjective === undefined
        ? []
        : [['held-out objective per observation', formatNumber(numbers.heldOutObjective)] as const]),
      ['active coefficients per code', formatNumber(numbers.active, 3)],
      ...(worst === undefined ? [] : [['worst certified relative gap', formatNumber(worst, 2)] as const]),
      ['atoms in use', formatNumber(numbers.atomsInUse), `of ${formatNumber(options.atoms)}`],
      ['observations learned from', formatNumber(numbers.observationsSeen)],
      ['seconds of learning', formatNumber(numbers.seconds, 3)],
    ]),
  )
  session.print(`The model is in ${options.out}; look at it with: energia show ${quoted(options.out)}`)
}

/** Some observations as learning saw them. */
async function sampleOf(data: Observations | Images, options: FitCommandOptions): Promise<SparseCodingData> {
  const source = isImages(data) ? patchesOf(data, options, SAMPLE) : data
  for await (const batch of source.batches({ batchSize: SAMPLE, seed: options.seed + 1 })) return batch
  throw new ConfigurationError(`${data.name} holds no observations.`)
}

/** The fields that are there; what is undefined is left out. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as { [K in keyof T]?: Exclude<T[K], undefined> } // without its undefined fields, T
}
