import { mkdir, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { machine } from './machine.js'
import { duration, table } from './table.js'

/**
 * @typedef {import('./statistics.js').Timing & { objective: number, threads: number } & Record<string, unknown>} Ours
 * @typedef {Ours & { name: string, version: string, ratio: number | null, flag?: string }} Peer
 *   ratio: its seconds over ours, each divided by its observations; null where no comparable time exists, and `flag` says why
 * @typedef {{ case: string, ours: Ours, peers: Peer[] } & Record<string, unknown>} Case
 * @typedef {{ cases: Case[] } & Record<string, unknown>} Measured what a benchmark returns
 */

/** Two mean energies count as equal up to this relative difference. */
export const equalObjective = 1e-5

/**
 * Writes bench/results/NAME.json, complete or not at all.
 * @param {string} name
 * @param {Measured} measured
 */
export async function writeResults(name, measured) {
  const folder = fileURLToPath(new URL('../results/', import.meta.url))
  const path = `${folder}${name}.json`
  const { cases, ...rest } = measured
  const report = { name, machine: machine(), ...rest, cases }
  await mkdir(folder, { recursive: true })
  await writeFile(`${path}.partial`, `${JSON.stringify(report, null, 2)}\n`)
  await rename(`${path}.partial`, path)
  return { path, report }
}

/** The cases as a table: a line for ours, a line for each peer. @param {readonly Case[]} cases */
export function resultTable(cases) {
  const head = ['case', 'system', 'threads', 'median', 'min – max', 'each', 'objective', 'ratio', '']
  const body = cases.flatMap(({ case: title, ours, peers }) => [
    line(title, 'energia', ours, ''),
    ...peers.map((peer) =>
      line(
        '',
        `${peer.name} ${peer.version}`,
        peer,
        peer.ratio === null ? '–' : `${peer.ratio.toFixed(2)}×`,
        peer.flag,
      ),
    ),
  ])
  return table(head, body)
}

/** @param {string} title @param {string} system @param {Ours} row @param {string} ratio @param {string} [flag] */
function line(title, system, row, ratio, flag = '') {
  const notes = [
    flag,
    typeof row.gap === 'number' ? `gap ${row.gap.toExponential(1)}` : '',
    typeof row.note === 'string' ? row.note : '',
    typeof row.speedup === 'number' && row.threads > 1 ? `${row.speedup.toFixed(2)}× one thread` : '',
    typeof row.peakMiB === 'number' ? `peak ${Math.round(row.peakMiB)} MiB` : '',
  ]
  const each = typeof row.secondsEach === 'number' ? duration(row.secondsEach) : ''
  const spread = row.repeats > 1 ? `${duration(row.min)} – ${duration(row.max)}` : ''
  return [
    title,
    system,
    String(row.threads),
    duration(row.seconds),
    spread,
    each,
    row.objective.toFixed(6),
    ratio,
    notes.filter(Boolean).join(', '),
  ]
}
