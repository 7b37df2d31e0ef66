import type { Picture } from '../data/picture.js'
import { ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'
import { canvas, fillRectangle, requireWhole } from './canvas.js'
import { largestMagnitude, requireFinite } from './imageShape.js'
import { orderByUse } from './mosaic.js'

export interface WaveformsOptions {
  /** How much each is used [n]: the most used comes first. Without it the stored order. */
  readonly usage?: ArrayLike<number>
  /** Charts a row; near the square root of n by default. */
  readonly columns?: number
  /** Pixels of one chart; 120 wide and 72 high by default. */
  readonly width?: number
  readonly height?: number
  /** Whether each chart has its own scale (the default) or all share the largest |value|. */
  readonly contrast?: 'each' | 'shared'
}

const GAP = 6
const FRAME = 225
const ZERO = 205
/** Colours of channels: blue, orange, green, violet, rose, slate, and from the beginning again. */
const CHANNELS = [
  [29, 95, 184],
  [180, 83, 9],
  [27, 122, 80],
  [126, 63, 176],
  [179, 35, 79],
  [75, 87, 104],
] as const
/** Points of a pixel's side at which lines are sampled. */
const FINE = 4
/** Half the thickness of a line in pixels. */
const HALF = 0.8

/**
 * Signals as small line charts in rows, such as kernels of one axis: `signals` is [n, t] or [n, t, c], a channel a colour; the thin
 * line is zero. Throws {@link ShapeError} for other shapes and no signals, DataError for NaN and infinity, ConfigurationError for options
 * out of range.
 */
export function waveforms(signals: Tensor, options: WaveformsOptions = {}): Picture {
  const { shape, data } = signals
  const [count, length, channels = 1] = shape
  if ((shape.length !== 2 && shape.length !== 3) || shape.includes(0)) {
    throw new ShapeError(
      `Signals of shape ${formatShape(shape)} cannot be drawn; give [n, length] or [n, length, channels], no size 0.`,
    )
  }
  requireFinite(signals, 'Signal')
  const { columns = Math.ceil(Math.sqrt(count)), width = 120, height = 72, contrast = 'each' } = options
  requireWhole(columns, 'columns', 1, 1e6)
  requireWhole(width, 'width', 8, 10_000)
  requireWhole(height, 'height', 8, 10_000)
  const across = Math.min(columns, count)
  const [stepX, stepY] = [width + GAP, height + GAP]
  const picture = canvas(across * stepX + GAP, Math.ceil(count / across) * stepY + GAP, 3, 255)
  const shared = contrast === 'shared' ? largestMagnitude(data) : undefined
  orderByUse(count, options.usage).forEach((signal, place) => {
    const left = GAP + (place % across) * stepX
    const top = GAP + Math.floor(place / across) * stepY
    fillRectangle(picture, left, top, width, height, FRAME)
    fillRectangle(picture, left + 1, top + 1, width - 2, height - 2, 255)
    fillRectangle(picture, left + 1, top + Math.floor(height / 2), width - 2, 1, ZERO)
    const values = data.subarray(signal * length * channels, (signal + 1) * length * channels)
    const largest = shared ?? largestMagnitude(values)
    for (let channel = 0; channel < channels; channel++) {
      const line = Float64Array.from({ length }, (_, i) =>
        largest === 0 ? 0 : values[i * channels + channel] / largest,
      )
      drawLine(picture, { left, top, width, height }, line, CHANNELS[channel % CHANNELS.length])
    }
  })
  return picture
}

interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A line through values in [−1, 1], as wide as the box and nearly as high; pixels that it covers in part take part of its colour. */
function drawLine(picture: Picture, box: Box, values: Float64Array, colour: readonly number[]): void {
  const margin = 4
  const span = box.width - 2 * margin
  const middle = box.height / 2
  const reach = middle - margin
  const last = values.length - 1
  /** The height of the line, in pixels below the box's top, at `x` pixels from its first sample. */
  const at = (x: number): number => {
    const place = last === 0 ? 0 : Math.min(last, Math.max(0, (x / span) * last))
    const before = Math.min(Math.floor(place), Math.max(0, last - 1))
    const share = place - before
    const value = values[before] * (1 - share) + (share === 0 ? 0 : values[before + 1] * share)
    return middle - reach * value
  }
  const covered = new Float64Array(box.height)
  for (let x = 0; x < span; x++) {
    covered.fill(0)
    for (let fine = 0; fine < FINE; fine++) {
      const begin = at(x + fine / FINE)
      const end = at(x + (fine + 1) / FINE)
      // A steep line is cut along its height: there it is thicker than across.
      const half = HALF * Math.min(6, Math.hypot(1, FINE * (end - begin)))
      const from = Math.min(begin, end) - half
      const to = Math.max(begin, end) + half
      for (let y = Math.max(0, Math.floor(from)); y < Math.min(box.height, Math.ceil(to)); y++) {
        covered[y] += Math.max(0, Math.min(to, y + 1) - Math.max(from, y)) / FINE
      }
    }
    for (let y = 0; y < box.height; y++) {
      if (covered[y] === 0) continue
      const pixel = ((box.top + y) * picture.width + box.left + margin + x) * 3
      for (let c = 0; c < 3; c++) {
        const under = picture.pixels[pixel + c]
        picture.pixels[pixel + c] = Math.round(under + Math.min(1, covered[y]) * (colour[c] - under))
      }
    }
  }
}
