import { type Command, InvalidArgumentError } from 'commander'
import { number } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, performs } from './common.js'

/** The parts of the lecture that can be asked for. */
export const sections = [
  'landscape',
  'completions',
  'strokes',
  'convergence',
  'lista',
  'edges',
  'convolution',
  'colour',
  'vae',
  'balls',
] as const
export type LectureSection = (typeof sections)[number]

export interface LectureCommandOptions extends CommonOptions {
  readonly only?: LectureSection[]
  readonly out: string
  readonly seed?: number
  readonly colours?: string
}

function sectionList(text: string): LectureSection[] {
  const named = text.split(',').map((name) => name.trim())
  const wrong = named.find((name) => !sections.some((section) => section === name))
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`There is no part ${JSON.stringify(wrong)}; there are ${sections.join(', ')}.`)
  }
  return sections.filter((section) => named.includes(section))
}

/** Adds `lecture`. */
export function addLecture(program: Command): void {
  const command = program
    .command('lecture')
    .description('learn the figures of the lecture here, and write a report of them')
    .option('--only <parts>', `some parts only: ${sections.join(',')}`, sectionList)
    .option('--out <folder>', 'where the report, pictures and models go', 'lecture')
    .option('--colours <source>', 'images in colour to learn kernels from, a folder or pattern (default: made-up ones)')
    .option('--seed <n>', 'seed of everything random', number({ whole: true, min: 0 }))
  common(
    command,
    `
    $ energia lecture --out lecture
    $ energia lecture --only strokes --out lecture`,
  )
  performs<LectureCommandOptions>(command, [], async () => (await import('../actions/lecture.js')).lecture)
}
