import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  CancelledError,
  ConfigurationError,
  conditionNames,
  fewLabels,
  findings,
  formatNumber,
  formatShare,
  loadClassifier,
  loadModel,
  openLabelled,
  openRun,
  readNpyTensor,
  type Tensor,
} from '../../src/index.js'
import type { ClassifyOptions } from '../commands/classify.js'
import { given } from '../given.js'
import type { Row } from '../models/model.js'
import type { Session } from '../session.js'
import { shellWord } from '../shellWord.js'
import { applyClassifier } from './applyClassifier.js'
import { checkApart } from './outputs.js'
import { duration, numberTable } from './text.js'

/** `energia classify`: compares classifiers with few and many labels, or uses the one of a run. */
export async function classify(session: Session, options: ClassifyOptions, run: string): Promise<void> {
  if (run !== '') return applyClassifier(session, options, run)
  if (/\.(csv|npy|parquet)$/i.test(options.out)) {
    throw new ConfigurationError(
      `${options.out} is the name of a file; learning needs a folder. To use a classifier that was kept, name its folder first: energia classify RUN --data …`,
    )
  }
  if (options.resume && options.overwrite) {
    throw new ConfigurationError('A run can be resumed or overwritten, not both; give one of --resume and --overwrite.')
  }
  if (options.testClasses !== undefined && options.test === undefined) {
    throw new ConfigurationError('--test-classes are of --test; give both.')
  }
  if (existsSync(options.out) && statSync(options.out).isDirectory()) {
    for (const input of [options.data, options.test, options.filters]) await checkApart(options.out, input)
  }
  const filters = options.filters === undefined ? undefined : await filtersOf(options.filters)
  const data = await labelled(session, options, options.data, options.classes)
  const test =
    options.test === undefined
      ? undefined
      : await labelled(session, options, options.test, options.testClasses, data.classes)
  const { labels, seeds, conditions, keep, testShare, unlabelled, kernels, kernel, lambda, pool } = options
  const { epochs, leastSteps, learningRate, penalty, seed } = options
  const comparison = fewLabels({
    ...given({ labels, seeds, conditions, keep, testShare, unlabelled, kernels, kernel, lambda, pool }),
    ...given({ epochs, leastSteps, learningRate, penalty, seed, filters }),
    ...session.threads,
    runtime: session.runtime,
  })
  const { out } = options
  session.event('start', { command: 'classify', data: data.name, classes: data.classes, out })
  const model = await comparison
    .fit(data, {
      run: out,
      signal: session.signal,
      ...given({ test, overwrite: options.overwrite, resume: options.resume }),
      ...given({ checkpointSeconds: options.checkpointSeconds }),
      onProgress: (progress) => {
        const { stage, done, total, condition, labels: count, seconds, fraction } = progress
        const percent = String(Math.floor(100 * fraction)).padStart(3)
        const what =
          stage === 'filters'
            ? 'learning filters without labels'
            : stage === 'codes'
              ? `coding images, ${formatNumber(done)} of ${formatNumber(total)}`
              : `${condition}, labels ${count}: ${done} of ${total} classifiers`
        const left = fraction > 0.05 && fraction < 1 ? `, ${duration((seconds / fraction) * (1 - fraction))} left` : ''
        session.progress('progress', progress, `${percent} %  ${what}  ${duration(seconds)}${left}`)
      },
    })
    .catch((error: unknown) => {
      throw error instanceof CancelledError ? stopped(out) : error
    })
  try {
    const { holds, sentences } = findings(model.results, model.settings.classes.length)
    session.event('done', {
      summary: model.summary,
      ...given({ holds }),
      kept: model.settings.keep,
      error: model.error,
      out,
    })
    session.print(
      numberTable(
        model.summary.map(
          ({ condition, labels: count, mean, deviation }): Row => [
            `${conditionNames[condition]}, labels ${count}`,
            `${formatShare(mean)} ± ${formatNumber(100 * deviation, 2)}`,
          ],
        ),
      ),
    )
    session.print(sentences.join('\n'))
    session.say(
      `The report is ${join(out, 'report.html')}; use its classifier with: energia classify ${shellWord(out)} --data IMAGES --out predictions.csv`,
    )
  } finally {
    model.dispose()
  }
}

/** Labelled data, with progress where it is downloaded or read image by image. */
export function labelled(
  session: Session,
  options: ClassifyOptions,
  source: string,
  file: string | undefined,
  classes?: readonly string[],
): ReturnType<typeof openLabelled> {
  const { array, colour, size } = options
  return openLabelled(source, {
    ...given({ array, colour, size, classes, labels: file }),
    signal: session.signal,
    onImages: (done, total) =>
      session.progress('images', { done, total }, `reading ${formatNumber(done)} of ${formatNumber(total)} images`),
    onProgress: (received, total) =>
      session.progress('download', { received, ...given({ total }) }, `downloading ${source}: ${received} bytes`),
  })
}

/** The filters of a run, or an array. Throws ConfigurationError for a run of a model that has none. */
async function filtersOf(place: string): Promise<Tensor> {
  if (existsSync(place) && statSync(place).isFile()) return readNpyTensor(place)
  const { model: kind } = await openRun(place)
  if (kind === 'classifier' || kind === 'few-labels') {
    const classifier = await loadClassifier(place)
    classifier.dispose()
    if (classifier.filters) return classifier.filters
  } else {
    const model = await loadModel(place)
    model.dispose()
    if (model.kind === 'conv-sparse-coding') return model.kernels
    if (model.kind === 'conv-autoencoder') return model.filters
  }
  throw new ConfigurationError(
    `${place} holds a run of ${kind}, which has no filters for a ConvNet; give one of conv-sparse-coding or conv-autoencoder, or an npy file.`,
  )
}

/** What to say when a comparison was stopped: what is kept, and how to go on. */
function stopped(out: string): CancelledError {
  if (!existsSync(join(out, 'checkpoint.safetensors'))) {
    return new CancelledError('Stopped before anything was learned; there is nothing to go on from.')
  }
  const again = process.argv.slice(2).filter((argument) => argument !== '--overwrite' && argument !== '--resume')
  return new CancelledError([
    `Stopped. A checkpoint is kept in ${out}; go on with:`,
    `  energia ${[...again, '--resume'].map(shellWord).join(' ')}`,
  ])
}
