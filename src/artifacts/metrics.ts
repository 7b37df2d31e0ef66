import { FileFormatError } from '../tensor/errors.js'
import { decodeText, parseJson } from './json.js'
import type { Store } from './store.js'

export const metricsFile = 'metrics.ndjson'

/** One line of the metrics: numbers and words by name. A number that is not finite is written as null. */
export type Metrics = Readonly<Record<string, number | string | boolean | null>>

/** Adds one line to the metrics. */
export async function appendMetrics(store: Store, metrics: Metrics): Promise<void> {
  await store.append(metricsFile, `${JSON.stringify(metrics)}\n`)
}

/** The bytes of the metrics so far: with a checkpoint, where they are to be cut when learning goes on from it. */
export async function metricsBytes(store: Store): Promise<number> {
  return (await store.exists(metricsFile)) ? store.size(metricsFile) : 0
}

/** Cuts the metrics back to their first `bytes`, and further to the end of the last whole line. */
export async function cutMetrics(store: Store, bytes: number): Promise<void> {
  if (!(await store.exists(metricsFile))) return
  await store.truncate(metricsFile, bytes)
  const held = await store.read(metricsFile)
  await store.truncate(metricsFile, held.lastIndexOf(0x0a) + 1)
}

/**
 * The lines of the metrics; none where there are no metrics. A last line without an end was being written when the
 * process died and is left out. Throws {@link FileFormatError} for a damaged line.
 */
export async function readMetrics(store: Store): Promise<Metrics[]> {
  if (!(await store.exists(metricsFile))) return []
  const file = `${store.path}/${metricsFile}`
  const bytes = await store.read(metricsFile)
  const whole = decodeText(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1), file)
  const lines = whole.split('\n').slice(0, -1)
  return lines.map((line, i) => {
    const value = parseJson(line, `${file} line ${i + 1}`)
    if (!isMetrics(value)) {
      throw new FileFormatError(`${file} line ${i + 1} must be an object of numbers, texts, true, false or null.`)
    }
    return value
  })
}

function isMetrics(value: unknown): value is Metrics {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((entry) => entry === null || typeof entry !== 'object')
}
