import { extname } from 'node:path'
import { WriteStream } from 'node:tty'
import {
  atomUsage,
  ConfigurationError,
  energyOverTime,
  formatNumber,
  formatShape,
  gaborChart,
  gaborStatistics,
  loadModel,
  mosaic,
  type Picture,
  pictureSvg,
  report,
  type SparseCodingModel,
  terminalPreview,
  toPng,
} from '../../src/index.js'
import type { ShowCommandOptions } from '../commands/show.js'
import type { Session } from '../session.js'
import { checkOutputFile, writeOutput } from './outputs.js'
import { numberTable, textTable } from './text.js'

type ReportFigure = NonNullable<Parameters<typeof report>[0]['sections'][number]['figures']>[number]
type Row = readonly [label: string, value: string, remark?: string]

/** `energia show`. */
export async function show(session: Session, options: ShowCommandOptions, run: string): Promise<void> {
  const { out } = options
  const ending = out === undefined ? undefined : extname(out).toLowerCase()
  if (ending !== undefined && !['.png', '.svg', '.html'].includes(ending)) {
    throw new ConfigurationError(`--out takes a name that ends in .png, .svg or .html; got ${out}.`)
  }
  if (out !== undefined) await checkOutputFile(out, options.overwrite)
  const model = await loadModel(run, session.threads)
  try {
    if (out !== undefined) {
      await writeOutput(out, await drawn(model, ending!, run))
      session.event('done', { ...facts(model), out })
      session.print(`${out} is written.`)
      return
    }
    session.event('done', facts(model))
    const picture = pictureOf(model)
    if (picture) session.print(terminalPreview(picture, { columns: process.stdout.columns || 80, colour: colours() }))
    session.print(`${textTable(settingRows(model))}\n${numberTable(measureRows(model))}`)
    if (!picture)
      session.note(`Atoms of ${formatShape(model.settings.observation)} are no pictures, and are not drawn.`)
  } finally {
    model.dispose()
  }
}

/** The atoms as a mosaic; undefined where they are no pictures. */
function pictureOf({ atoms, usage, settings }: SparseCodingModel): Picture | undefined {
  const [height, width, channels] = settings.observation
  const square = settings.observation.length === 1 && Number.isInteger(Math.sqrt(height))
  if (!square && (width === undefined || settings.observation.length > 3 || (channels ?? 1) === 2)) return undefined
  return mosaic(atoms, { usage, signed: !settings.nonNegativeAtoms })
}

/** What the terminal can show; FORCE_COLOR and NO_COLOR have their say. */
function colours(): 'truecolor' | '256' | 'none' {
  const { NO_COLOR, FORCE_COLOR } = process.env
  if (NO_COLOR || (!process.stdout.isTTY && !FORCE_COLOR)) return 'none'
  const depth = WriteStream.prototype.getColorDepth.call(process.stdout)
  return depth >= 24 ? 'truecolor' : depth >= 8 ? '256' : 'none'
}

/** The file that was asked for, by its ending. */
async function drawn(model: SparseCodingModel, ending: string, run: string): Promise<Uint8Array | string> {
  if (ending === '.html') return reportOf(model, run)
  const picture = pictureOf(model)
  if (!picture) {
    throw new ConfigurationError(
      `Atoms of ${formatShape(model.settings.observation)} are no pictures; show ${run} without --out, or write report.html.`,
    )
  }
  if (ending === '.png') return toPng(picture)
  return pictureSvg(picture, {
    title: titleOf(model),
    description: 'The atoms, the most used first; zero is mid-grey.',
  })
}

const titleOf = ({ settings }: SparseCodingModel): string =>
  `${formatNumber(settings.atoms)} atoms learned from ${settings.data}`

async function reportOf(model: SparseCodingModel, run: string): Promise<string> {
  const { history, usage, settings } = model
  const picture = pictureOf(model)
  const figures: ReportFigure[] = []
  if (picture) {
    figures.push({
      picture,
      caption: 'The atoms, the most used first; zero is mid-grey, each atom is scaled by itself.',
      alt: `Mosaic of ${settings.atoms} atoms.`,
    })
  }
  if (history.length > 0) {
    const trace = (name: string, points: typeof history, energy: (point: (typeof history)[number]) => number) => ({
      name,
      at: points.map(({ seconds }) => seconds),
      energy: points.map(energy),
    })
    const measured = history.filter(({ heldOutEnergy }) => heldOutEnergy !== undefined)
    figures.push({
      svg: await energyOverTime([
        trace('training', history, ({ energy }) => energy),
        ...(measured.length > 0 ? [trace('held-out', measured, ({ heldOutEnergy }) => heldOutEnergy!)] : []),
      ]),
      caption: 'Energy per observation while learning.',
      alt: 'Line chart of the energy over the seconds of learning.',
    })
  }
  figures.push({
    svg: await atomUsage(usage),
    caption: 'How often each atom was used while learning; old batches are forgotten as its statistics are.',
    alt: 'Chart of the use of the atoms, from the most to the least used.',
  })
  if (settings.input.kind === 'images' && settings.observation.length === 2) {
    figures.push({
      svg: await gaborChart(gaborStatistics(model.atoms).fits),
      caption: 'Orientation and frequency of the Gabor function nearest to each atom.',
      alt: 'Half-plane of orientations and frequencies.',
    })
  }
  const numbers = measureRows(model).map(([label, value, note]) => ({
    label,
    value,
    ...(note === undefined ? {} : { note }),
  }))
  return report({
    title: titleOf(model),
    lead: 'Sparse coding, E(y, z) = ½‖y − Wz‖² + λR(z): each observation y is a sum of a few atoms, the columns of W.',
    sections: [
      { id: 'dictionary', heading: 'Dictionary', figures, numbers, program: `energia show ${run} --out report.html` },
    ],
    environment: Object.fromEntries(settingRows(model)),
  })
}

/** Settings for people. */
function settingRows({ settings }: SparseCodingModel): [label: string, text: string][] {
  const { regularizer, update, input, preprocess } = settings
  const { kind, weights, ...strength } = regularizer
  const details = Object.entries(strength).map(([name, value]) => `${name} ${value}`)
  const steps = [...(input.kind === 'images' ? kinds(input.transform) : []), ...kinds(preprocess)]
  return [
    ['learned from', settings.data],
    ['observations', formatShape(settings.observation)],
    ['regularizer', [kind, ...details, ...(weights ? [`${weights.length} weights`] : [])].join(', ')],
    ['preprocessing', steps.length === 0 ? 'none' : steps.join(', ')],
    ['update', Object.values(update).join(', ')],
    ['seed', String(settings.seed)],
  ]
}

/** The kinds of a pipeline's steps. */
function kinds({ kind, steps }: SparseCodingModel['settings']['preprocess']): string[] {
  return Array.isArray(steps) ? steps.map((step: { kind: string }) => step.kind) : [kind]
}

/** What was measured while learning. */
function measureRows(model: SparseCodingModel): Row[] {
  const { usage, settings, history } = model
  const last = history.at(-1)
  const inUse = usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)
  return [
    ['atoms in use', formatNumber(inUse), `of ${formatNumber(settings.atoms)}`],
    ...(last === undefined ? [] : lastRows(last)),
  ]
}

function lastRows(last: SparseCodingModel['history'][number]): Row[] {
  const { energy, heldOutEnergy, active, seen, seconds } = last
  const heldOut: Row[] =
    heldOutEnergy === undefined ? [] : [['held-out energy per observation', formatNumber(heldOutEnergy)]]
  return [
    ['energy per observation', formatNumber(energy), 'over the last batches of learning'],
    ...heldOut,
    ['active coefficients per code', formatNumber(active, 3)],
    ['observations learned from', formatNumber(seen), 'repetitions counted'],
    ['seconds of learning', formatNumber(seconds, 3)],
  ]
}

/** The same for programs. */
function facts(model: SparseCodingModel): object {
  const { settings, usage, history } = model
  return {
    settings,
    atomsInUse: usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0),
    ...(history.length > 0 ? { last: history.at(-1) } : {}),
  }
}
