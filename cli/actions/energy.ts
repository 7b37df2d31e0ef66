import { once } from 'node:events'
import { ConfigurationError, type Status, writeNpy } from '../../src/index.js'
import type { EnergyCommandOptions } from '../commands/energy.js'
import type { Session } from '../session.js'
import { type Coding, noteUnsolved, openCoding } from './coding.js'
import { isImages } from './openData.js'
import { checkApart, checkOutputFile, writeOutput } from './outputs.js'
import { type Place, patchPlaces } from './places.js'
import { numberTable } from './text.js'

/** `energia energy`. */
export async function energy(session: Session, options: EnergyCommandOptions, run: string): Promise<void> {
  const { out } = options
  if (out !== undefined && !/\.(csv|npy)$/i.test(out)) {
    throw new ConfigurationError(`--out takes a name that ends in .csv or .npy; got ${out}.`)
  }
  if (out !== undefined) {
    await checkApart(out, options.data)
    await checkOutputFile(out, options.overwrite)
  }
  const coding = await openCoding(run, options, session)
  session.event('start', { command: 'energy', run, data: coding.data.name, ...(out === undefined ? {} : { out }) })
  try {
    if (out === undefined) await toStandardOutput(coding, session)
    else if (/\.csv$/i.test(out)) await writeOutput(out, encoded(csv(coding)))
    else await writeOutput(out, await scores(coding))
  } finally {
    coding.model.dispose()
  }
  session.event('done', { ...coding.totals.fields(), ...(out === undefined ? {} : { out }) })
  if (out !== undefined) {
    session.print(numberTable(coding.totals.rows()))
    session.say(`The energies are in ${out}.`)
  }
  noteUnsolved(coding, session)
}

/** CSV, or with `--json` an event for each observation; at the pace of the reader. */
async function toStandardOutput(coding: Coding, session: Session): Promise<void> {
  if (session.json) {
    for await (const rows of scored(coding)) {
      for (const row of rows) session.event('energy', row)
      await drained(session.signal)
    }
    return
  }
  for await (const text of csv(coding)) {
    process.stdout.write(text)
    await drained(session.signal)
  }
}

/** Waits while the reader of standard output is behind. */
async function drained(signal: AbortSignal): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', { signal }).catch(() => {}) // the signal is seen next
}

/** What is said of one observation; the place where the data are images. */
interface Scored extends Partial<Place> {
  readonly index: number
  readonly energy: number
  /** Undefined where the regularizer is not convex. */
  readonly gap: number | undefined
  readonly active: number
  readonly status: Status
}

/** Batch by batch. */
async function* scored({ model, data, images, batches }: Coding): AsyncGenerator<Scored[]> {
  const [height, width] = model.observation
  const patches = isImages(data) && !model.whole ? patchPlaces(data, [height, width]) : undefined
  for await (const { first, inference } of batches(patches?.images)) {
    const { codes, energy, gap, status } = inference
    yield Array.from(energy, (value, i) => ({
      index: first + i,
      energy: value,
      gap: gap?.[i],
      active: codes.indptr[i + 1] - codes.indptr[i],
      status: status[i],
      ...(patches?.place() ?? (images && { image: images.label(first + i) })),
    }))
  }
}

/** Lines of the columns of {@link Scored}; those of places only where there are images. */
async function* csv(coding: Coding): AsyncGenerator<string> {
  const columns: (keyof Scored)[] = ['index', 'energy', 'gap', 'active', 'status']
  if (coding.images) columns.push('image')
  if (isImages(coding.data) && !coding.model.whole) columns.push('row', 'column')
  // The header goes out with the first rows: data that is refused leaves nothing behind it.
  let header = `${columns.join(',')}\n`
  for await (const rows of scored(coding)) {
    yield header + rows.map((row) => `${columns.map((column) => cell(row[column])).join(',')}\n`).join('')
    header = ''
  }
  if (header !== '') yield header
}

/** A cell of CSV: in quotes where it holds a comma, quotes or a line's end (RFC 4180). */
function cell(value: string | number | undefined): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const text of texts) yield encoder.encode(text)
}

/** The energies alone as npy, float64 [n]. */
async function scores(coding: Coding): Promise<Uint8Array> {
  const parts: Float64Array[] = []
  for await (const { inference } of coding.batches()) parts.push(inference.energy)
  const data = new Float64Array(coding.totals.count)
  let at = 0
  for (const part of parts) {
    data.set(part, at)
    at += part.length
  }
  return writeNpy({ shape: [data.length], data })
}
