import { existsSync, readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import {
  type ClassifierModel,
  ConfigurationError,
  formatNumber,
  formatShape,
  formatShare,
  fromTensor,
  imageObservations,
  loadClassifier,
  type Observations,
  openSource,
  resized,
  ShapeError,
} from '../../src/index.js'
import { type ClassifyOptions, learningFlags } from '../commands/classify.js'
import { given } from '../given.js'
import type { Row } from '../models/model.js'
import type { Session } from '../session.js'
import { labelled } from './classify.js'
import { checkApart, checkOutputFile, writeOutput } from './outputs.js'
import { numberTable } from './text.js'

/** What is to be classified: with names where images have them, and classes where they are known. */
interface Unclassified {
  readonly observations: Observations
  readonly name?: (index: number) => string
  readonly labels?: Uint32Array
}

/** `energia classify RUN`: classes of new observations as CSV, with the probability of each class. */
export async function applyClassifier(session: Session, options: ClassifyOptions, run: string): Promise<void> {
  const { out } = options
  const extra = Object.entries(learningFlags).find(([name]) => options[name as keyof ClassifyOptions] !== undefined)
  if (extra) {
    throw new ConfigurationError(
      `${extra[1]} is for learning, and ${run} holds a classifier to use; leave one of the two out.`,
    )
  }
  if (extname(out).toLowerCase() !== '.csv') {
    throw new ConfigurationError(`--out takes a name that ends in .csv for predictions; got ${out}.`)
  }
  await checkApart(out, options.data)
  await checkOutputFile(out, options.overwrite)
  const model = await loadClassifier(run, { ...session.threads, runtime: session.runtime })
  try {
    const { observations, name, labels } = await unclassified(session, options, model)
    checkShape(observations, model, run)
    session.event('start', { command: 'classify', run, data: observations.name, out })
    const begun = performance.now()
    const counts = new Map<string, number>()
    let done = 0
    let wrong = 0
    async function* lines(): AsyncGenerator<Uint8Array> {
      const text = new TextEncoder()
      const head = [name ? 'image' : 'index', ...(labels ? ['class'] : []), 'predicted', ...model.classes]
      yield text.encode(`${head.map(quoted).join(',')}\n`)
      for await (const { predicted, probabilities } of model.classifyBatches(observations, {
        signal: session.signal,
      })) {
        const rows = Array.from(predicted, (label, i) => {
          const at = done + i
          const chances = probabilities.data.subarray(i * model.classes.length, (i + 1) * model.classes.length)
          const known = labels ? [model.classes[labels[at]]] : []
          if (labels && labels[at] !== label) wrong++
          counts.set(model.classes[label], (counts.get(model.classes[label]) ?? 0) + 1)
          const numbers = Array.from(chances, (chance) => Number(chance.toPrecision(6)))
          return [name?.(at) ?? at, ...known, model.classes[label], ...numbers].map(quoted).join(',')
        })
        done += predicted.length
        const seconds = (performance.now() - begun) / 1000
        session.progress('progress', { done, seconds }, `${formatNumber(done)} classified`)
        yield text.encode(`${rows.join('\n')}\n`)
      }
    }
    await writeOutput(out, lines())
    const error = labels ? wrong / done : undefined
    session.event('done', { observations: done, predicted: Object.fromEntries(counts), ...given({ error }), out })
    session.print(
      numberTable([
        ['observations', formatNumber(done)],
        ...model.classes.map((each): Row => [`taken for ${each}`, formatNumber(counts.get(each) ?? 0)]),
        ...(error === undefined ? [] : [['errors', formatShare(error)] as const]),
      ]),
    )
    session.say(`The predictions are in ${out}.`)
  } finally {
    model.dispose()
  }
}

async function unclassified(session: Session, options: ClassifyOptions, model: ClassifierModel): Promise<Unclassified> {
  const { data, array, size } = options
  const colour = model.settings.observation.length === 3
  if (options.classes !== undefined || holdsFolders(data)) {
    const found = await labelled(session, { ...options, colour }, data, options.classes, model.classes)
    return { observations: fromTensor(found.observations, found.name), labels: found.labels }
  }
  const opened = await openSource(data, { ...given({ array }), colour, signal: session.signal })
  if (opened.kind === 'observations') {
    const told = opened.labels
    return { observations: opened.observations, ...(told ? { labels: Uint32Array.from(told) } : {}) }
  }
  const { images } = opened
  const name = (index: number) => images.label(index)
  if (size === undefined) return { observations: await imageObservations(images, { signal: session.signal }), name }
  const sized = {
    ...{ name: images.name, count: images.count, channels: images.channels, label: name },
    image: async (index: number) => resized(await images.image(index), size),
  }
  return { observations: await imageObservations(sized, { signal: session.signal }), name }
}

const holdsFolders = (path: string): boolean =>
  existsSync(path) &&
  statSync(path).isDirectory() &&
  readdirSync(path).some((name) => !name.startsWith('.') && statSync(join(path, name)).isDirectory())

/** Throws ShapeError with what to do where observations are not of the size that was learned. */
function checkShape({ name, shape }: Observations, { settings }: ClassifierModel, run: string): void {
  const { observation } = settings
  if (formatShape(shape) === formatShape(observation)) return
  const advice = observation.length > 1 ? `; bring images to that size: --size ${observation[0]}x${observation[1]}` : ''
  throw new ShapeError(
    `${name} holds observations of ${formatShape(shape)}, and ${run} learned from ${formatShape(observation)}${advice}.`,
  )
}

/** A value as a cell of CSV. */
function quoted(value: string | number): string {
  const text = String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
