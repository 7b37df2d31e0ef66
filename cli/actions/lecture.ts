import { ConfigurationError, formatNumber } from '../../src/index.js'
import type { LectureCommandOptions, LectureSection } from '../commands/lecture.js'
import type { Session } from '../session.js'
import { numberTable } from './text.js'

/** The public function that learns the lecture's figures. */
type Lecture = (options: {
  readonly out: string
  readonly only?: LectureSection[]
  readonly seed?: number
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: { section: string; message: string; fraction: number }) => void
}) => Promise<{
  readonly report: string
  readonly numbers: readonly {
    readonly label: string
    readonly value: number | string
    readonly unit?: string
    readonly note?: string
  }[]
}>

/** `energia lecture`. */
export async function lecture(session: Session, options: LectureCommandOptions): Promise<void> {
  const library: { lecture?: Lecture } & Record<string, unknown> = await import('../../src/index.js')
  if (library.lecture === undefined) throw new ConfigurationError('This version of Energia has no lecture.')
  const { out, only, seed } = options
  session.event('start', { command: 'lecture', out, ...(only === undefined ? {} : { only }) })
  const { report, numbers } = await library.lecture({
    out,
    ...(only === undefined ? {} : { only }),
    ...(seed === undefined ? {} : { seed }),
    ...session.threads,
    signal: session.signal,
    onProgress: (progress) => {
      const { section, message, fraction } = progress
      const percent = String(Math.floor(100 * fraction)).padStart(3)
      session.progress('progress', progress, `${percent} %  ${section}: ${message}`)
    },
  })
  session.event('done', { report, numbers })
  const rows = numbers.map(({ label, value, unit = '', note }) => {
    const written = typeof value === 'number' ? formatNumber(value) : value
    return [label, `${written} ${unit}`.trim(), ...(note === undefined ? [] : [note])] as [string, string, string?]
  })
  session.print(numberTable(rows))
  session.print(`Open ${report} in a browser.`)
}
