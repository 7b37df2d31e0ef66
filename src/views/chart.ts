import type { PlotOptions } from '@observablehq/plot'
import { DataError, ShapeError } from '../tensor/errors.js'
import { muted } from './palette.js'
import { escapeXml, serializeSvg } from './xml.js'

type PlotLibrary = typeof import('@observablehq/plot')

/** What stands around a chart. */
export interface ChartFrame {
  /** What the chart shows, in a few words; the name that a screen reader reads. */
  readonly title: string
  /** The chart in a sentence or two, with its main numbers, for those who do not see it. */
  readonly description: string
  /** Below the horizontal axis. */
  readonly xLabel: string
  /** Above the vertical axis; nothing where there is none. */
  readonly yLabel?: string
  /** Lines or marks by name, above the plot; needed from two series on. */
  readonly legend?: readonly LegendEntry[]
  /** A line of quiet text above the plot: what is left out, what was counted. */
  readonly note?: string
}

export interface LegendEntry {
  readonly name: string
  readonly colour: string
  /** Dashes of a line; a `mark` is drawn in its place where given. */
  readonly dash?: string
  readonly mark?: 'filled' | 'hollow'
}

const WIDTH = 480
const FONT = 13
const LINE = 20

/**
 * Draws a chart with Observable Plot and returns it as SVG: `currentColor` and CSS variables for colours, a title and
 * a description, no styles, fonts or scripts of its own. In Node a small document is loaded on first use; in a page
 * the page's own serves.
 */
export async function renderChart(frame: ChartFrame, build: (plot: PlotLibrary) => PlotOptions): Promise<string> {
  const [plot, document] = await Promise.all([import('@observablehq/plot'), chartDocument()])
  const legend = legendLines(frame.legend ?? [])
  const headHeight = LINE * (legend.length + (frame.note === undefined ? 0 : 1))
  const options = build(plot)
  const height = (options.height ?? 276) + headHeight
  const marginLeft = options.marginLeft ?? 64
  const marginRight = options.marginRight ?? 16
  const svg = plot.plot({
    marginBottom: 46,
    ...options,
    x: { label: null, tickSize: 0, tickPadding: 7, ...options.x },
    y: { label: null, tickSize: 0, tickPadding: 7, ...options.y },
    width: WIDTH,
    height,
    marginLeft,
    marginRight,
    marginTop: (options.marginTop ?? 38) + headHeight,
    document,
    figure: false,
  })
  svg.setAttribute('role', 'img')
  svg.setAttribute('font-size', String(FONT))
  svg.setAttribute('style', 'max-width:100%;height:auto')
  const text = (x: number, y: number, content: string, attributes = '') =>
    `<text x="${x}" y="${y}"${attributes}>${escapeXml(content)}</text>`
  const start = ' text-anchor="start"'
  const around = [
    `<title>${escapeXml(frame.title)}</title>`,
    `<desc>${escapeXml(frame.description)}</desc>`,
    ...legend.map((entries, i) => legendLine(entries, LINE * i + 12)),
    frame.note === undefined ? '' : text(4, headHeight - 4, frame.note, `${start} fill="${muted}"`),
    frame.yLabel === undefined ? '' : text(4, headHeight + 18, frame.yLabel, start),
    text((marginLeft + WIDTH - marginRight) / 2, height - 6, frame.xLabel),
  ].join('')
  return serializeSvg(svg).replace(
    /^<svg([^>]*)>/,
    (_, root) => `<svg xmlns="http://www.w3.org/2000/svg"${root}>${around}`,
  )
}

async function chartDocument(): Promise<Document> {
  if (typeof document !== 'undefined') return document
  const { parseHTML } = await import('linkedom')
  return parseHTML('<!doctype html><html><body></body></html>').document
}

/** About how wide a text is: fonts differ, so room is left. */
const roughWidth = (text: string) => Math.ceil(text.length * FONT * 0.58)

/** Legend entries, each with its left edge, broken into lines that fit the width. */
function legendLines(entries: readonly LegendEntry[]) {
  const lines: { entry: LegendEntry; left: number }[][] = []
  let left = WIDTH
  for (const entry of entries) {
    const width = 30 + roughWidth(entry.name)
    if (left + width > WIDTH) {
      lines.push([])
      left = 4
    }
    lines[lines.length - 1].push({ entry, left })
    left += width + 14
  }
  return lines
}

function legendLine(entries: readonly { entry: LegendEntry; left: number }[], y: number): string {
  return entries
    .map(({ entry, left }) => {
      const dash = entry.dash ? ` stroke-dasharray="${entry.dash}"` : ''
      const sample =
        entry.mark === undefined
          ? `<path d="M${left} ${y}h24" stroke="${entry.colour}" stroke-width="2.5"${dash}/>`
          : `<circle cx="${left + 12}" cy="${y}" r="4" stroke="${entry.colour}" stroke-width="1.5" fill="${entry.mark === 'filled' ? entry.colour : 'none'}"/>`
      return `${sample}<text x="${left + 30}" y="${y}" dy="0.32em" text-anchor="start">${escapeXml(entry.name)}</text>`
    })
    .join('')
}

/** Throws {@link ShapeError} unless two columns of a series are equally long, {@link DataError} unless all is finite. */
export function requireSeries(name: string, x: ArrayLike<number>, y: ArrayLike<number>, what: string): void {
  if (x.length !== y.length) {
    throw new ShapeError(
      `The series "${name}" has ${x.length} positions and ${y.length} values of ${what}; give one for each.`,
    )
  }
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) {
      throw new DataError(`The series "${name}" holds (${x[i]}, ${y[i]}) at ${i}; only finite numbers can be drawn.`)
    }
  }
}

/** At most about `most` points of a series that look the same when drawn: of each stretch its first, lowest, highest and last. */
export function thinned(x: ArrayLike<number>, y: ArrayLike<number>, most = 800): { x: number; y: number }[] {
  const length = x.length
  const stretches = Math.max(1, Math.floor(most / 4))
  const kept = new Set<number>()
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * length) / stretches)
    const to = Math.floor(((s + 1) * length) / stretches)
    if (from === to) continue
    let lowest = from
    let highest = from
    for (let i = from; i < to; i++) {
      if (y[i] < y[lowest]) lowest = i
      if (y[i] > y[highest]) highest = i
    }
    for (const i of [from, lowest, highest, to - 1]) kept.add(i)
  }
  return [...kept].sort((a, b) => a - b).map((i) => ({ x: x[i], y: y[i] }))
}

/** The smallest and the largest of one or more numbers, however many they are. */
export function span(values: ArrayLike<number>): [number, number] {
  let [smallest, largest] = [values[0], values[0]]
  for (let i = 1; i < values.length; i++) {
    smallest = Math.min(smallest, values[i])
    largest = Math.max(largest, values[i])
  }
  return [smallest, largest]
}
