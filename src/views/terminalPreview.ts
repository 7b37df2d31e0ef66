import type { Picture } from '../data/picture.js'
import { requireWhole } from './canvas.js'

export interface TerminalOptions {
  /** The widest line, in characters; 80 by default. A picture is made smaller, never larger. */
  readonly columns?: number
  /** The colours that the terminal can show; 'none' draws with characters of different darkness. */
  readonly colour?: 'truecolor' | '256' | 'none'
}

/** From dark to light, for light characters on a dark ground. */
const RAMP = ' .:-=+*#%@'

/**
 * A picture as lines of text: half blocks, two pixels a character, or a ramp of characters without colour. Pixels are
 * averaged where the picture is wider than `columns`. Every line ends with the colours reset and a newline.
 * Throws ConfigurationError unless `columns` is 1 to 10,000.
 */
export function terminalPreview(picture: Picture, options: TerminalOptions = {}): string {
  const { columns = 80, colour = 'truecolor' } = options
  requireWhole(columns, 'columns', 1, 10_000)
  if (picture.width === 0 || picture.height === 0) return ''
  const width = Math.min(columns, picture.width)
  const height = Math.max(1, Math.round((picture.height * width) / picture.width))
  const pixel = averaged(picture, width, height)

  let text = ''
  for (let y = 0; y < height; y += 2) {
    let line = ''
    let before = ''
    for (let x = 0; x < width; x++) {
      const upper = pixel(x, y)
      const lower = y + 1 < height ? pixel(x, y + 1) : undefined
      if (colour === 'none') {
        const light = lower === undefined ? luminance(upper) : (luminance(upper) + luminance(lower)) / 2
        line += RAMP[Math.min(RAMP.length - 1, Math.floor((light / 256) * RAMP.length))]
        continue
      }
      const code = colour === '256' ? (rgb: Rgb) => `5;${paletteIndex(rgb)}` : (rgb: Rgb) => `2;${rgb.join(';')}`
      const style = `\x1b[38;${code(upper)};${lower === undefined ? '49' : `48;${code(lower)}`}m`
      line += style === before ? '▀' : `${style}▀`
      before = style
    }
    text += colour === 'none' ? `${line.trimEnd()}\n` : `${line}\x1b[0m\n`
  }
  return text
}

type Rgb = [number, number, number]

/** The picture made smaller to width × height, each pixel the mean of those it covers; opacity lies over black. */
function averaged(picture: Picture, width: number, height: number): (x: number, y: number) => Rgb {
  const { channels, pixels } = picture
  const span = (place: number, parts: number, whole: number) => {
    const from = Math.min(whole - 1, Math.floor((place * whole) / parts))
    return [from, Math.max(from + 1, Math.floor(((place + 1) * whole) / parts))]
  }
  return (x, y) => {
    const [left, right] = span(x, width, picture.width)
    const [top, bottom] = span(y, height, picture.height)
    const sum: Rgb = [0, 0, 0]
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const at = (row * picture.width + column) * channels
        const opacity = channels === 4 ? pixels[at + 3] / 255 : 1
        for (let c = 0; c < 3; c++) sum[c] += opacity * pixels[at + (channels === 1 ? 0 : c)]
      }
    }
    const area = (right - left) * (bottom - top)
    return [Math.round(sum[0] / area), Math.round(sum[1] / area), Math.round(sum[2] / area)]
  }
}

const luminance = ([red, green, blue]: Rgb) => 0.2126 * red + 0.7152 * green + 0.0722 * blue

/** The nearest of the 216 colours of the cube and the 24 greys of a 256-colour terminal. */
function paletteIndex([red, green, blue]: Rgb): number {
  const levels = [0, 95, 135, 175, 215, 255]
  const nearest = (value: number) =>
    levels.reduce((best, level, i) => (Math.abs(level - value) < Math.abs(levels[best] - value) ? i : best), 0)
  const cube = [nearest(red), nearest(green), nearest(blue)]
  const grey = Math.min(23, Math.max(0, Math.round(((red + green + blue) / 3 - 8) / 10)))
  const distance = (r: number, g: number, b: number) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
  const greyLevel = 8 + 10 * grey
  const byCube = distance(levels[cube[0]], levels[cube[1]], levels[cube[2]])
  return distance(greyLevel, greyLevel, greyLevel) < byCube ? 232 + grey : 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
}
