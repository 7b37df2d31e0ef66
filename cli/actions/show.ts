import { extname } from 'node:path'
import { WriteStream } from 'node:tty'
import {
  ConfigurationError,
  formatShape,
  type Picture,
  pictureSvg,
  report,
  terminalPreview,
  toPng,
} from '../../src/index.js'
import type { ShowCommandOptions } from '../commands/show.js'
import { given } from '../given.js'
import type { Learned, Portrait } from '../models/model.js'
import type { Session } from '../session.js'
import { openModel } from './openModel.js'
import { checkOutputFile, writeOutput } from './outputs.js'
import { numberTable, textTable } from './text.js'

/** `energia show`. */
export async function show(session: Session, options: ShowCommandOptions, run: string): Promise<void> {
  const { out } = options
  const ending = out === undefined ? undefined : extname(out).toLowerCase()
  if (ending !== undefined && !['.png', '.svg', '.html'].includes(ending)) {
    throw new ConfigurationError(`--out takes a name that ends in .png, .svg or .html; got ${out}.`)
  }
  if (out !== undefined) await checkOutputFile(out, options.overwrite)
  const model = await openModel(run, options, session)
  try {
    const portrait = await model.portrait()
    if (out !== undefined) {
      await writeOutput(out, await drawn(model, portrait, ending!, run))
      session.event('done', { ...portrait.facts, out })
      session.say(`${out} is written.`)
      return
    }
    session.event('done', portrait.facts)
    const tables = `${textTable(portrait.settings)}\n${numberTable(portrait.numbers)}`
    const { picture, subject, unpictured } = portrait
    if (picture === undefined) {
      session.print(tables)
      const why = unpictured ?? `${subject} of ${formatShape(model.observation)} are no pictures`
      session.note(`${why}, and are not drawn.`)
      return
    }
    const { columns, last } = fitted(picture, process.stdout, tables.split('\n').length)
    const preview = terminalPreview(picture, { columns, colour: colours() })
    session.print(last ? `${tables}\n${preview}` : `${preview}${tables}`)
  } finally {
    model.dispose()
  }
}

/** Lines of a picture below which it shows too little. */
const LEAST_LINES = 8

/**
 * How wide a preview may be, in characters, so that it does not scroll away: as the terminal, and no wider than lets it
 * stand above `lines` of text, the prompt's included. Where that leaves too few lines it comes `last`, and has them all.
 * Where there is no terminal it is 80 wide and as high as it likes.
 */
export function fitted(
  { width, height }: Pick<Picture, 'width' | 'height'>,
  { columns, rows }: { readonly columns?: number; readonly rows?: number },
  lines: number,
): { columns: number; last: boolean } {
  const widest = columns || 80
  if (!rows) return { columns: widest, last: false }
  const last = rows - lines < LEAST_LINES
  const room = Math.max(1, last ? rows - 1 : rows - lines)
  // A character shows two rows of pixels.
  return { columns: Math.max(1, Math.min(widest, Math.floor((2 * room * width) / height))), last }
}

/** What the terminal can show; FORCE_COLOR and NO_COLOR have their say. */
function colours(): 'truecolor' | '256' | 'none' {
  const { NO_COLOR, FORCE_COLOR } = process.env
  if (NO_COLOR || (!process.stdout.isTTY && !FORCE_COLOR)) return 'none'
  const depth = WriteStream.prototype.getColorDepth.call(process.stdout)
  return depth >= 24 ? 'truecolor' : depth >= 8 ? '256' : 'none'
}

/** The file that was asked for, by its ending. */
async function drawn(
  { observation }: Learned,
  portrait: Portrait,
  ending: string,
  run: string,
): Promise<Uint8Array | string> {
  if (ending === '.html') return reportOf(portrait, run)
  const { picture, title, caption, subject, unpictured } = portrait
  if (!picture) {
    throw new ConfigurationError(
      `${unpictured ?? `${subject} of ${formatShape(observation)} are no pictures`}; show ${run} without --out, or write report.html.`,
    )
  }
  return ending === '.png' ? toPng(picture) : pictureSvg(picture, { title, description: caption })
}

async function reportOf(portrait: Portrait, run: string): Promise<string> {
  const { title, lead, heading, picture, caption, alt, settings, numbers } = portrait
  return report({
    title,
    lead,
    sections: [
      {
        id: heading.toLowerCase().replace(/[^a-z]+/g, '-'),
        heading,
        figures: [...(picture ? [{ picture, caption, alt }] : []), ...(await portrait.figures())],
        numbers: numbers.map(([label, value, note]) => ({ label, value, ...given({ note }) })),
        program: `energia show ${run} --out report.html`,
      },
    ],
    environment: Object.fromEntries(settings),
  })
}
