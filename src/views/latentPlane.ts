import { DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { formatNumber } from './formatNumber.js'
import { muted } from './palette.js'
import { escapeXml } from './xml.js'

/** Colours of classes: apart in hue and lightness, legible on light and dark. */
const COLOURS = [
  '#2f6fd6',
  '#e8590c',
  '#2b8a3e',
  '#c92a2a',
  '#7b4fd0',
  '#8d6e4a',
  '#d6479c',
  '#0b8fa3',
  '#9a8a00',
  '#5b6470',
] as const

const SIZE = 440
const PAD = 20
const LINE = 20

/** The colour of a class; they repeat after ten. */
export const classColour = (label: number): string => COLOURS[label % COLOURS.length]

/** Codes of two numbers, drawn on a plane around the origin. */
export interface LatentPlane {
  readonly title: string
  readonly description: string
  /** A line of quiet text above the plane. */
  readonly note: string
  /** Half the side of the plane in units of the codes. */
  readonly extent: number
  /** Classes in the legend; none without labels. */
  readonly classes: readonly number[]
}

/**
 * A square plane of codes with axes through the origin, as SVG. `draw` gives its content from the places of codes in the picture
 * and the pixels of one unit.
 */
export function drawPlane(
  plane: LatentPlane,
  draw: (at: (z1: number, z2: number) => readonly [number, number], unit: number) => string,
): string {
  const { extent, classes } = plane
  const head = LINE * (classes.length > 0 ? 2 : 1) + 6
  const unit = (SIZE / 2 - PAD) / extent
  const [cx, cy] = [SIZE / 2, head + SIZE / 2]
  const at = (z1: number, z2: number) => [round(cx + z1 * unit), round(cy - z2 * unit)] as const
  const step = niceStep(extent)
  const ticks = [-1, 1].map((sign) => sign * step)
  const axis = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="currentColor" stroke-opacity="0.45" stroke-width="1.5"/>`
  const tick = (value: number) => {
    const [x, y] = [at(value, 0)[0], at(0, value)[1]]
    const text = formatNumber(value, 2)
    return [
      `<path d="M${x} ${cy - 4}v8M${cx - 4} ${y}h8" stroke="currentColor" stroke-opacity="0.45"/>`,
      `<text x="${x}" y="${cy + 18}" text-anchor="middle" fill="${muted}">${text}</text>`,
      `<text x="${cx - 8}" y="${y + 4}" text-anchor="end" fill="${muted}">${text}</text>`,
    ].join('')
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${SIZE}" height="${head + SIZE}" viewBox="0 0 ${SIZE} ${head + SIZE}" fill="currentColor" font-family="system-ui, sans-serif" font-size="13" style="max-width:100%;height:auto">`,
    `<title>${escapeXml(plane.title)}</title>`,
    `<desc>${escapeXml(plane.description)}</desc>`,
    `<text x="4" y="14" fill="${muted}">${escapeXml(plane.note)}</text>`,
    ...classes.map((label, i) => {
      const x = 4 + i * 40
      return `<circle cx="${x + 6}" cy="${LINE + 10}" r="5" fill="${classColour(label)}"/><text x="${x + 15}" y="${LINE + 14}">${label}</text>`
    }),
    draw(at, unit),
    axis(2, cy, SIZE - 2, cy),
    axis(cx, head + 2, cx, head + SIZE - 2),
    ...ticks.map(tick),
    `<text x="${SIZE - 4}" y="${cy - 8}" text-anchor="end">z₁</text>`,
    `<text x="${cx + 8}" y="${head + 14}">z₂</text>`,
    '</svg>',
  ].join('\n')
}

/** Throws {@link ShapeError} unless codes are [n, 2], and {@link DataError} at NaN and infinity. */
export function requirePlane(what: string, codes: Tensor, labels?: ArrayLike<number>): void {
  const { shape, data } = codes
  if (shape.length !== 2 || shape[1] !== 2) {
    throw new ShapeError(`${what} must be [n, 2] to be drawn on a plane; got ${formatShape(shape)}.`)
  }
  const bad = data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new DataError(`${what} hold ${data[bad]} in row ${Math.floor(bad / 2)}; only finite numbers can be drawn.`)
  }
  if (labels && labels.length !== shape[0]) {
    throw new ShapeError(`There are ${labels.length} labels for ${shape[0]} codes; give one for each.`)
  }
  const label = labels && Array.from(labels).find((each) => !(Number.isInteger(each) && each >= 0))
  if (label !== undefined) throw new DataError(`Labels are whole numbers, 0 or more; got ${label}.`)
}

/** The classes that occur, at most eleven of them in a legend. */
export function classesOf(labels: ArrayLike<number> | undefined, count: number): number[] {
  return [...new Set(Array.from({ length: labels ? count : 0 }, (_, i) => labels![i]))]
    .sort((a, b) => a - b)
    .slice(0, 11)
}

/** A place in the picture, to a tenth of a pixel. */
export const round = (pixels: number): number => Math.round(pixels * 10) / 10

/** The largest of 1, 2, 5 times a power of ten that is at most 0.8 of the extent. */
function niceStep(extent: number): number {
  const power = 10 ** Math.floor(Math.log10(0.8 * extent))
  return [5, 2, 1].map((digit) => digit * power).find((step) => step <= 0.8 * extent) ?? power
}
