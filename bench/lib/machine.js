import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** What the processor can do, as far as this system tells. */
export function processorFlags() {
  try {
    return new Set(/^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(' '))
  } catch {
    return new Set()
  }
}

/** The commit measured, marked when the tree differs from it; undefined outside a clone. */
function commit() {
  try {
    /** @type {import('node:child_process').ExecFileSyncOptionsWithStringEncoding} */
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], options).trim()
  } catch {
    return undefined
  }
}

/** The machine a result was measured on. */
export function machine() {
  const flags = processorFlags()
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    vectors: ['avx2', 'avx512f'].filter((flag) => flags.has(flag)),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    load: loadavg()[0],
    commit: commit(),
    date: new Date().toISOString(),
  }
}
