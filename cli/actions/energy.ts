import { once } from 'node:events'
import { ConfigurationError, type EncodedBatch, writeNpy } from '../../src/index.js'
import type { EnergyCommandOptions } from '../commands/energy.js'
import type { Session } from '../session.js'
import { type Coding, noteUnsolved, openCoding } from './coding.js'
import { checkOutputFile, writeOutput } from './outputs.js'
import { numberTable } from './text.js'

/** `energia energy`. */
export async function energy(session: Session, options: EnergyCommandOptions, run: string): Promise<void> {
  const { out } = options
  if (out !== undefined && !/\.(csv|npy)$/i.test(out)) {
    throw new ConfigurationError(`--out takes a name that ends in .csv or .npy; got ${out}.`)
  }
  if (out !== undefined) await checkOutputFile(out, options.overwrite)
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
    session.print(`The energies are in ${out}.`)
  }
  noteUnsolved(coding, session)
}

/** CSV, or with `--json` an event for each observation; at the pace of the reader. */
async function toStandardOutput(coding: Coding, session: Session): Promise<void> {
  if (session.json) {
    for await (const batch of coding.batches()) {
      for (const row of rowsOf(batch)) session.event('energy', row)
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

function* rowsOf({ first, inference }: EncodedBatch) {
  const { codes, energy, gap, status } = inference
  for (let i = 0; i < energy.length; i++) {
    yield {
      index: first + i,
      energy: energy[i],
      gap: gap?.[i],
      active: codes.indptr[i + 1] - codes.indptr[i],
      status: status[i],
    }
  }
}

/** Lines index,energy,gap,active,status; the gap is empty where the regularizer is not convex. */
async function* csv(coding: Coding): AsyncGenerator<string> {
  yield 'index,energy,gap,active,status\n'
  for await (const batch of coding.batches()) {
    let text = ''
    for (const { index, energy, gap, active, status } of rowsOf(batch)) {
      text += `${index},${energy},${gap ?? ''},${active},${status}\n`
    }
    yield text
  }
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
