import { checksum } from '../artifacts/fingerprint.js'
import { LearningRun } from '../artifacts/learningRun.js'
import { createRun } from '../artifacts/runFolder.js'
import { type StoredTensor, storedTensor } from '../artifacts/safetensors.js'
import * as valid from '../artifacts/validate.js'
import { checkedLabelled, type Labelled, type LabelledTensor, membersOf } from '../data/labelled.js'
import { imagePipeline } from '../preprocess/pipeline.js'
import { CancelledError, ConfigurationError, FileFormatError, ShapeError } from '../tensor/errors.js'
import { checkOptions } from '../tensor/options.js'
import { rng } from '../tensor/random.js'
import { formatShape, sameShape, type Tensor, takeRows } from '../tensor/tensor.js'
import { transformed } from './classifierNetwork.js'
import { convolutionalSparseCoding } from './convolutionalSparseCoding.js'
import type { FewLabelsFitOptions, FewLabelsProgress, ResolvedFewLabels } from './fewLabels.js'
import { CellLearner } from './fewLabelsCells.js'
import { type FewLabelsModel, fewLabelsModel } from './fewLabelsModel.js'
import { cellsOf, checkedCounts, type FewLabelsResult, sameCell, splitByClass } from './fewLabelsPlan.js'
import { type FewLabelsSettings, fewLabelsName, validResult } from './fewLabelsSettings.js'
import { holdingFit } from './holdingFit.js'

/** Where a comparison stands between two classifiers. */
interface FewLabelsState {
  readonly results: readonly FewLabelsResult[]
  readonly seconds: number
  /** What tells the data from other data of the same name. */
  readonly mark: string
  readonly metricsBytes: number
}

const validState: valid.Validator<FewLabelsState> = valid.object({
  results: valid.array(validResult),
  seconds: valid.number({ min: 0 }),
  mark: valid.text,
  metricsBytes: valid.whole({ min: 0 }),
})

/** The stream of random numbers that chooses the images that filters are learned from. */
const UNLABELLED = 13
/** About how much of all the work filters are. */
const FILTERS_SHARE = 0.05

/** Compares classifiers; see {@link FewLabelsFitOptions}. */
export const fitFewLabels = holdingFit(learn)

async function learn(options: ResolvedFewLabels, data: Labelled, fit: FewLabelsFitOptions): Promise<FewLabelsModel> {
  checkOptions('fit', fit, {
    ...{ test: true, run: true, overwrite: true, resume: true, checkpointSeconds: true },
    ...{ signal: true, onProgress: true },
  } as const)
  const { signal } = fit
  const parts = await partsOf(options, data, fit.test)
  const settings = settingsOf(options, parts)
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const run =
    place && new LearningRun({ place, model: fewLabelsName, settings, checkpointSeconds: fit.checkpointSeconds })
  const restored = await run?.resumed(validState)
  const mark = markOf(parts, options.filters)
  if (restored && restored.state.mark !== mark) {
    throw new FileFormatError(
      `The run in ${place?.store.path} was begun with other data, also called ${settings.data}; resume with that data, or pass --overwrite to start anew.`,
    )
  }
  const results: FewLabelsResult[] = [...(restored?.state.results ?? [])]
  const begun = performance.now() - 1000 * (restored?.state.seconds ?? 0)
  const seconds = (): number => (performance.now() - begun) / 1000
  const tell = (progress: Omit<FewLabelsProgress, 'seconds'>): void =>
    fit.onProgress?.({ ...progress, seconds: seconds() })

  const transform = imagePipeline(options.transform)
  const pool = transformed(parts.pool.observations, transform)
  const test = transformed(parts.test.observations, transform)
  const filters =
    storedFilters(restored?.tensors) ??
    options.filters ??
    (await learnFilters(options, settings, pool, signal, (fraction, done) =>
      tell({ stage: 'filters', done, total: options.filterEpochs, fraction: FILTERS_SHARE * fraction }),
    ))
  const cells = cellsOf(settings.labels, options.seeds, options.conditions, options.keep)
  const works = cells.map((cell) => workOf(cell, parts, options))
  const whole = works.reduce((sum, work) => sum + work, 0)
  let worked = 0
  const learner = await CellLearner.start(options, parts, { pool, test, filters, signal })
  const keepCheckpoint = (now: boolean): Promise<void> =>
    run?.checkpoint(now, (metricsBytes) => ({
      state: { results, seconds: seconds(), mark, metricsBytes },
      tensors: { filters: storedTensor(filters.data, [...filters.shape]) },
    })) ?? Promise.resolve()
  try {
    for (const [done, cell] of cells.entries()) {
      const kept = done === cells.length - 1
      const known = results.some((result) => sameCell(result, cell))
      if (!known || kept) {
        const at = (part: number) => FILTERS_SHARE + ((1 - FILTERS_SHARE) * (worked + part * works[done])) / whole
        const total = cells.length
        const { result, classifier } = await learner.learn(cell, kept, (stage, part, count) =>
          stage === 'codes'
            ? tell({ stage, done: part, total: count, fraction: at(0) })
            : tell({ stage, done, total, ...cell, fraction: at(part / count) }),
        )
        if (!known) {
          results.push(result)
          await run?.append({ event: 'result', ...result })
        }
        const { error } = result
        tell({ stage: 'classifiers', done: done + 1, total, ...cell, error, fraction: at(1) })
        if (classifier) {
          const model = fewLabelsModel({ settings, results, filters, classifier })
          await run?.finish((into) => model.saveInto(into))
          return model
        }
        await keepCheckpoint(false)
      }
      worked += works[done]
    }
    throw new ConfigurationError('A comparison needs a classifier to keep.')
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error
    await keepCheckpoint(true)
    throw new CancelledError(
      `The comparison was stopped after ${results.length} of ${cells.length} classifiers.${run ? ' Its checkpoint is kept; go on with resume.' : ''}`,
    )
  } finally {
    learner.dispose()
  }
}

/** What classifiers learn from and what they are measured on. */
export interface FewLabelsParts {
  readonly pool: LabelledTensor
  readonly test: LabelledTensor
}

async function partsOf(
  { testShare, training }: ResolvedFewLabels,
  data: Labelled,
  test: Labelled | undefined,
): Promise<FewLabelsParts> {
  const all = await checkedLabelled(data)
  if (test) {
    if (test.classes && !test.classes.every((name, c) => name === all.classes[c])) {
      throw new ConfigurationError(
        `The test data has the classes ${test.classes.join(', ')}, and the data to learn from ${all.classes.join(', ')}; give both the same.`,
      )
    }
    const checked = await checkedLabelled(test, all.classes)
    const [shape, other] = [all.observations.shape.slice(1), checked.observations.shape.slice(1)]
    if (!sameShape(shape, other)) {
      throw new ShapeError(
        `The test data has observations of ${formatShape(other)}, and the data to learn from ${formatShape(shape)}; bring both to one size.`,
      )
    }
    return { pool: all, test: checked }
  }
  const split = splitByClass(all.labels, all.classes, testShare, training.seed)
  const taken = (rows: Uint32Array, name: string): LabelledTensor => ({
    name,
    observations: takeRows(all.observations, rows),
    labels: Uint32Array.from(rows, (row) => all.labels[row]),
    classes: all.classes,
  })
  return { pool: taken(split.pool, all.name), test: taken(split.test, `a share of ${testShare} of ${all.name}`) }
}

function settingsOf(options: ResolvedFewLabels, { pool, test }: FewLabelsParts): FewLabelsSettings {
  const { training, filters, kernels, kernel } = options
  const members = membersOf(pool.labels, pool.classes.length)
  return {
    observation: pool.observations.shape.slice(1),
    classes: pool.classes,
    labels: checkedCounts(options.labels, members, pool.classes),
    seeds: options.seeds,
    conditions: options.conditions,
    keep: options.keep,
    filters: filters
      ? { kind: 'given' }
      : {
          kind: 'learned',
          images: Math.min(options.unlabelled, pool.observations.shape[0]),
          epochs: options.filterEpochs,
        },
    kernels: filters?.shape[0] ?? kernels,
    kernel: filters?.shape[1] ?? kernel,
    lambda: options.lambda,
    pool: options.pool,
    transform: imagePipeline(options.transform).config,
    penalty: training.penalty,
    learningRate: training.learningRate,
    batchSize: training.batchSize,
    epochs: training.epochs,
    leastSteps: training.leastSteps,
    seed: training.seed,
    poolSize: pool.observations.shape[0],
    testSize: test.observations.shape[0],
    data: pool.name,
    test: test.name,
  }
}

/** Filters of norm 1 that convolutional sparse coding learns from images of the pool, without their labels. */
async function learnFilters(
  { kernels, kernel, lambda, training }: ResolvedFewLabels,
  { filters }: FewLabelsSettings,
  pool: Tensor,
  signal: AbortSignal | undefined,
  told: (fraction: number, done: number) => void,
): Promise<Tensor> {
  if (filters.kind === 'given') throw new ConfigurationError('Filters that are given are not learned.')
  const [count] = pool.shape
  const order = rng(training.seed, UNLABELLED).shuffle(Uint32Array.from({ length: count }, (_, i) => i))
  const { seed, threads } = training
  const model = await convolutionalSparseCoding({
    ...{ kernels, size: kernel, lambda, seed },
    ...(threads === undefined ? {} : { threads }),
  }).fit(takeRows(pool, order.subarray(0, filters.images)), {
    epochs: filters.epochs,
    ...(signal ? { signal } : {}),
    onProgress: ({ fraction, epoch }) => told(fraction, Math.floor(epoch)),
  })
  model.dispose()
  return model.kernels
}

function storedFilters(tensors: Readonly<Record<string, StoredTensor>> | undefined): Tensor | undefined {
  const found = tensors?.filters
  return found?.dtype === 'F32' ? { shape: found.shape, data: found.data } : undefined
}

/** A checksum of all images and labels, and of filters that were given. */
function markOf({ pool, test }: FewLabelsParts, filters: Tensor | undefined): string {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength)
  const parts = [pool, test].flatMap(({ observations, labels }) => [observations.data, labels])
  return checksum([...parts, ...(filters ? [filters.data] : [])].map(bytes))
}

/** About how long a classifier takes, in steps of a ConvNet. */
function workOf(
  { labels, condition }: ReturnType<typeof cellsOf>[number],
  { pool, test }: FewLabelsParts,
  { training }: ResolvedFewLabels,
): number {
  const { batchSize, epochs, leastSteps } = training
  const observations = labels === 'all' ? pool.labels.length : labels * pool.classes.length
  const steps = Math.max(leastSteps, Math.ceil((epochs * observations) / batchSize))
  const measured = (0.3 * test.labels.length) / batchSize
  const learns = condition === 'random' || condition === 'fine-tuned'
  return learns ? steps + measured : 0.05 * steps + measured
}
