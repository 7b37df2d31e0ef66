import { ConfigurationError, formatNumber, type Images, lecture as makeLecture, openSource } from '../../src/index.js'
import type { LectureCommandOptions } from '../commands/lecture.js'
import { given } from '../given.js'
import type { Session } from '../session.js'
import { numberTable } from './text.js'

/** `energia lecture`. */
export async function lecture(session: Session, options: LectureCommandOptions): Promise<void> {
  const { out, only, seed, full, overwrite } = options
  const colours = options.colours === undefined ? undefined : await imagesIn(options.colours)
  session.event('start', { command: 'lecture', out, ...(only === undefined ? {} : { only }) })
  const { report, claims, numbers, reduced } = await makeLecture({
    out,
    ...(only === undefined ? {} : { only }),
    ...given({ seed, colours, full, overwrite }),
    ...session.threads,
    signal: session.signal,
    onProgress: (progress) => {
      const { section, message, fraction } = progress
      const percent = String(Math.floor(100 * fraction)).padStart(3)
      session.progress('progress', progress, `${percent} %  ${section}: ${message}`)
    },
  })
  session.event('done', { report, claims, numbers, reduced })
  const rows = numbers.map(({ label, value, unit = '', note }) => {
    const written = typeof value === 'number' ? formatNumber(value) : value
    return [label, `${written} ${unit}`.trim(), ...(note === undefined ? [] : [note])] as [string, string, string?]
  })
  session.print(numberTable(rows))
  session.print('')
  session.print(
    numberTable(
      claims.map(
        ({ number, title, holds, section }) =>
          [`${number} ${title}`, holds ? 'holds' : 'does not hold', section] as const,
      ),
    ),
  )
  if (reduced.length > 0) {
    session.print('')
    session.print('Reduced here; energia lecture --full makes all of it:')
    for (const { section, what } of reduced) session.say(`  ${section}: ${what}`)
  }
  session.print('')
  session.say(`Open ${report} in a browser.`)
}

/** Images in colour. Throws ConfigurationError where the source is something else. */
async function imagesIn(source: string): Promise<Images> {
  const opened = await openSource(source, { colour: true })
  if (opened.kind === 'images') return opened.images
  throw new ConfigurationError(`--colours ${source} holds no images; give a folder or pattern of images in colour.`)
}
