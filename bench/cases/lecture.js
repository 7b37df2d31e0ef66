import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** @typedef {import('../lib/lectureChild.js').Answer} Answer */

const run = promisify(execFile)
const child = fileURLToPath(new URL('../lib/lectureChild.js', import.meta.url))

/**
 * The reduced lecture, all sections, once: seconds, and the peak of the process's resident memory. The objective is the share of claims
 * that hold. There is no peer. @type {import('../run.js').Benchmark}
 */
export async function lecture({ threads, say }) {
  const out = await mkdtemp(join(tmpdir(), 'energia-bench-'))
  try {
    const threadCount = Math.max(...threads)
    say('making the reduced lecture, which takes minutes')
    const { stdout } = await run(process.execPath, [child, JSON.stringify({ out, threads: threadCount })])
    /** @type {Answer} */
    const { seconds, peakBytes, claims, held, sections } = JSON.parse(stdout)
    for (const [name, each] of Object.entries(sections)) say(`${name}: ${each.toFixed(1)} s`)
    const ours = {
      ...{ seconds, min: seconds, max: seconds, repeats: 1, objective: held / claims, threads: threadCount },
      peakMiB: peakBytes / 2 ** 20,
      note: `${held} of ${claims} claims hold`,
    }
    return { data: 'what comes with the package', sections, cases: [{ case: 'the reduced lecture', ours, peers: [] }] }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}
