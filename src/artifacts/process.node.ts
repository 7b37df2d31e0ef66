import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from '../tensor/systemError.js'
import { type ProcessLook, type ProcessMark, type ProcessStanding, standingOf } from './processMark.js'

/** What {@link ProcessMark} says of this process. */
export function thisProcess(): ProcessMark {
  return {
    host: hostname(),
    machine: tried(() => readFileSync('/etc/machine-id', 'utf8')),
    boot: tried(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    space: tried(() => readlinkSync('/proc/self/ns/pid')),
    process: process.pid,
    started: look(process.pid).started,
  }
}

/** How a process stands; see {@link ProcessStanding}. */
export function processStanding(mark: ProcessMark): ProcessStanding {
  return standingOf(mark, thisProcess(), look)
}

/** The process of a number. One that has ended but that its parent has not asked for yet runs no more. */
function look(number: number): ProcessLook {
  try {
    process.kill(number, 0)
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    if (systemCode(error) === 'ESRCH') return { runs: false, started: '' }
  }
  if (process.platform === 'linux') {
    // "NUMBER (NAME) STATE …", with the time of its beginning in the 22nd place; the name may hold brackets and spaces.
    const fields = tried(() => readFileSync(`/proc/${number}/stat`, 'utf8'))
      .replace(/^.*\) /s, '')
      .split(' ')
    return { runs: !['Z', 'X'].includes(fields[0]), started: fields[19] ?? '' }
  }
  if (process.platform === 'win32') return { runs: true, started: '' }
  const options = { encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } } as const
  const [state = '', ...started] = (
    spawnSync('ps', ['-o', 'state=,lstart=', '-p', String(number)], options).stdout ?? ''
  )
    .trim()
    .split(/\s+/)
  return { runs: !state.startsWith('Z'), started: started.join(' ') }
}

/** A text of the system's, which not every system has; empty without. */
function tried(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return ''
  }
}
