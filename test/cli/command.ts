import { afterEach, beforeEach, vi } from 'vitest'
import { energia } from '../../cli/program.js'

/** Runs commands in this process; for the tests of one file. */
export function commands(): {
  /** What a command wrote to standard output. Throws what it throws. */
  command(...args: string[]): Promise<string>
  /** What the last one wrote to standard error. */
  noted(): string
} {
  let written = ''
  let noted = ''
  beforeEach(() => {
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written += String(text)
      return true
    })
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      noted += String(text)
      return true
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })
  return {
    async command(...args) {
      written = ''
      noted = ''
      await energia().parseAsync(args, { from: 'user' })
      return written
    },
    noted: () => noted,
  }
}
