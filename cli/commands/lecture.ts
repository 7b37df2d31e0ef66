import type { Command } from 'commander'
import { number } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, performs } from './common.js'

export interface LectureCommandOptions extends CommonOptions {
  readonly only?: string[]
  readonly out: string
  readonly full?: true
  readonly overwrite?: true
  readonly seed?: number
  readonly colours?: string
}

/** What stands between commas. */
const listed = (text: string): string[] => text.split(',').map((name) => name.trim())

/** Adds `lecture`. */
export function addLecture(program: Command): void {
  const command = program
    .command('lecture')
    .description('learn the figures of the lecture here, and write a report of them')
    .option(
      '--full',
      'all of it, which takes long and goes on where it was interrupted (default: a reduced form, in minutes)',
    )
    .option('--only <sections>', 'some sections only, by name or by the number of a system: strokes,7', listed)
    .option('--out <folder>', 'where the report, pictures and models go', 'lecture')
    .option('--colours <source>', 'images in colour to learn kernels from, a folder or pattern (default: made-up ones)')
    .option('--overwrite', 'make a lecture anew that is in the folder (default: it goes on, and what it has is kept)')
    .option('--seed <n>', 'seed of everything random', number({ whole: true, min: 0 }))
  common(
    command,
    `
    $ energia lecture --out lecture
    $ energia lecture --only strokes --out lecture
    $ energia lecture --full --out whole-lecture`,
  )
  performs<LectureCommandOptions>(command, [], async () => (await import('../actions/lecture.js')).lecture)
}
