import {
  atomUsage,
  energyOverTime,
  type FitProgress,
  formatNumber,
  formatShape,
  gaborChart,
  gaborStatistics,
  mosaic,
  type ObservationMasks,
  type Picture,
  type SparseCodingModel,
  type Tensor,
} from '../../src/index.js'
import { given } from '../given.js'
import type { Measured, Portrait, Row } from '../models/model.js'
import { noteOf, worstRelativeGap } from './measures.js'
import { stepKinds } from './stepKinds.js'
import { duration } from './text.js'
import { unobservedOf } from './unobserved.js'

/** Fits into 80 columns. */
export function progressLine(progress: FitProgress): string {
  const { epoch, epochs, energy, heldOutEnergy, active, atomsInUse, seconds, fraction } = progress
  const left = fraction > 0.02 && fraction < 1 ? `, ${duration((seconds / fraction) * (1 - fraction))} left` : ''
  return [
    `${String(Math.floor(100 * fraction)).padStart(3)} %`,
    `epoch ${epoch.toFixed(1)}${epochs === undefined ? '' : `/${epochs}`}`,
    `energy ${formatNumber(energy)}${heldOutEnergy === undefined ? '' : ` (held out ${formatNumber(heldOutEnergy)})`}`,
    `active ${formatNumber(active, 3)}`,
    `${atomsInUse} atoms`,
    `${duration(seconds)}${left}`,
  ].join('  ')
}

/** What the finished dictionary makes of a sample; where there are masks, of the first observations of which something was observed. */
export async function measured(
  model: SparseCodingModel,
  sample: Tensor,
  signal: AbortSignal,
  masks: ObservationMasks | undefined,
): Promise<Measured> {
  const last = model.history.at(-1)
  const { energy, gap, codes, status } = await model.encode(sample, { signal, ...given({ mask: masks }) })
  const rows = energy.length - unobservedOf(masks, energy.length)
  const worst = gap === undefined ? undefined : worstRelativeGap(energy, gap)
  const unsolved = status.filter((each) => each !== 'converged').length
  const fields = {
    objective: energy.reduce((sum, value) => sum + value, 0) / Math.max(1, rows),
    ...(last?.heldOutEnergy === undefined ? {} : { heldOutObjective: last.heldOutEnergy }),
    active: codes.indices.length / Math.max(1, rows),
    ...(worst === undefined ? {} : { worstRelativeGap: worst }),
    converged: rows - unsolved,
    sample: rows,
    atoms: model.settings.atoms,
    atomsInUse: inUse(model),
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
  }
  const { heldOutObjective } = fields
  return {
    fields,
    rows: [
      ['objective per observation', formatNumber(fields.objective), `on ${formatNumber(fields.sample)} observations`],
      ...(heldOutObjective === undefined
        ? []
        : [['held-out objective per observation', formatNumber(heldOutObjective)] as const]),
      ['active coefficients per code', formatNumber(fields.active, 3)],
      ...(worst === undefined ? [] : [['worst certified relative gap', formatNumber(worst, 2)] as const]),
      ['atoms in use', formatNumber(fields.atomsInUse), `of ${formatNumber(fields.atoms)}`],
      ['observations learned from', formatNumber(fields.observationsSeen)],
      ['seconds of learning', formatNumber(fields.seconds, 3)],
    ],
    ...noteOf(unsolved, rows, fields.atomsInUse === 0 ? 'atom' : undefined),
  }
}

/** What `energia show` says of a dictionary. */
export function portrait(model: SparseCodingModel): Portrait {
  const { settings, history } = model
  return {
    title: `${formatNumber(settings.atoms)} atoms learned from ${settings.data}`,
    lead: 'Sparse coding, E(y, z) = ½‖y − Wz‖² + λR(z): each observation y is a sum of a few atoms, the columns of W.',
    heading: 'Dictionary',
    subject: 'Atoms',
    picture: pictureOf(model),
    caption: 'The atoms, the most used first; zero is mid-grey, each atom is scaled by itself.',
    alt: `Mosaic of ${settings.atoms} atoms.`,
    settings: settingRows(model),
    numbers: measureRows(model),
    facts: { settings, atomsInUse: inUse(model), ...(history.length > 0 ? { last: history.at(-1) } : {}) },
    figures: () => figures(model),
  }
}

const inUse = ({ usage }: SparseCodingModel): number => usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)

/** The atoms as a mosaic; undefined where they are no pictures. */
function pictureOf({ atoms, usage, settings }: SparseCodingModel): Picture | undefined {
  const [height, width, channels] = settings.observation
  const square = settings.observation.length === 1 && Number.isInteger(Math.sqrt(height))
  if (!square && (width === undefined || settings.observation.length > 3 || (channels ?? 1) === 2)) return undefined
  return mosaic(atoms, { usage, signed: !settings.nonNegativeAtoms })
}

async function figures(model: SparseCodingModel): ReturnType<Portrait['figures']> {
  const { history, usage, settings } = model
  const drawn: Awaited<ReturnType<Portrait['figures']>> = []
  if (history.length > 0) {
    const trace = (name: string, points: typeof history, energy: (point: (typeof history)[number]) => number) => ({
      name,
      at: points.map(({ seconds }) => seconds),
      energy: points.map(energy),
    })
    const heldOut = history.filter(({ heldOutEnergy }) => heldOutEnergy !== undefined)
    drawn.push({
      svg: await energyOverTime([
        trace('training', history, ({ energy }) => energy),
        ...(heldOut.length > 0 ? [trace('held-out', heldOut, ({ heldOutEnergy }) => heldOutEnergy!)] : []),
      ]),
      caption: 'Energy per observation while learning.',
      alt: 'Line chart of the energy over the seconds of learning.',
    })
  }
  drawn.push({
    svg: await atomUsage(usage),
    caption: 'How often each atom was used while learning; old batches are forgotten as its statistics are.',
    alt: 'Chart of the use of the atoms, from the most to the least used.',
  })
  if (settings.input.kind === 'images' && settings.observation.length === 2) {
    drawn.push({
      svg: await gaborChart(gaborStatistics(model.atoms).fits),
      caption: 'Orientation and frequency of the Gabor function nearest to each atom.',
      alt: 'Half-plane of orientations and frequencies.',
    })
  }
  return drawn
}

/** Settings for people. */
function settingRows({ settings }: SparseCodingModel): [label: string, text: string][] {
  const { regularizer, update, input, preprocess } = settings
  const { kind, weights, ...strength } = regularizer
  const details = Object.entries(strength).map(([name, value]) => `${name} ${value}`)
  const steps = [...(input.kind === 'images' ? stepKinds(input.transform) : []), ...stepKinds(preprocess)]
  return [
    ['learned from', settings.data],
    ['observations', formatShape(settings.observation)],
    ['regularizer', [kind, ...details, ...(weights ? [`${weights.length} weights`] : [])].join(', ')],
    ['preprocessing', steps.length === 0 ? 'none' : steps.join(', ')],
    ['update', Object.values(update).join(', ')],
    ['seed', String(settings.seed)],
  ]
}

/** What was measured while learning. */
function measureRows(model: SparseCodingModel): Row[] {
  const last = model.history.at(-1)
  const rows: Row[] = [['atoms in use', formatNumber(inUse(model)), `of ${formatNumber(model.settings.atoms)}`]]
  if (last === undefined) return rows
  const { energy, heldOutEnergy, active, seen, seconds } = last
  rows.push(['energy per observation', formatNumber(energy), 'over the last batches of learning'])
  if (heldOutEnergy !== undefined) rows.push(['held-out energy per observation', formatNumber(heldOutEnergy)])
  rows.push(
    ['active coefficients per code', formatNumber(active, 3)],
    ['observations learned from', formatNumber(seen), 'repetitions counted'],
    ['seconds of learning', formatNumber(seconds, 3)],
  )
  return rows
}
