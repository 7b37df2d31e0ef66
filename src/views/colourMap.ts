import type { Picture } from '../data/picture.js'
import type { ImageShape, Reals } from './imageShape.js'

/** Grey of a signed value: 128 + 127 · value / largest. Zero is 128; ±largest are 255 and 1. */
export function signedGrey(value: number, largest: number): number {
  return largest === 0 ? 128 : 128 + Math.round(127 * clamp(value / largest, -1, 1))
}

/** Grey of a value that is never negative: 0 is black, `largest` white; what is below 0 is black. */
export function positiveGrey(value: number, largest: number): number {
  return largest === 0 ? 0 : Math.round(255 * clamp(value / largest, 0, 1))
}

/** From dark blue (−1) through near-white (0) to dark red (+1): told apart with every common colour blindness. */
const DIVERGING: readonly (readonly [number, number, number])[] = [
  [20, 62, 128],
  [67, 133, 200],
  [165, 203, 230],
  [248, 247, 245],
  [246, 183, 148],
  [210, 88, 68],
  [128, 15, 38],
]

/** Colour of a signed value on the scale blue, white, red. */
export function divergingColour(value: number, largest: number): [number, number, number] {
  const place = ((largest === 0 ? 0 : clamp(value / largest, -1, 1)) + 1) * ((DIVERGING.length - 1) / 2)
  const lower = Math.min(Math.floor(place), DIVERGING.length - 2)
  const share = place - lower
  const [from, to] = [DIVERGING[lower], DIVERGING[lower + 1]]
  const blend = (c: 0 | 1 | 2) => Math.round(from[c] + share * (to[c] - from[c]))
  return [blend(0), blend(1), blend(2)]
}

/** An image in greys, one level a value: a colour image keeps its three channels. */
export function greyTile(values: Reals, shape: ImageShape, grey: (value: number) => number): Picture {
  return { ...shape, pixels: Uint8Array.from(values, grey) }
}

/** A grey image in the diverging colours; a colour image keeps its own, with zero at mid-grey. */
export function signedTile(values: Reals, shape: ImageShape, largest: number): Picture {
  if (shape.channels === 3) return greyTile(values, shape, (value) => signedGrey(value, largest))
  const pixels = new Uint8Array(values.length * 3)
  for (let i = 0; i < values.length; i++) pixels.set(divergingColour(values[i], largest), i * 3)
  return { width: shape.width, height: shape.height, channels: 3, pixels }
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high)
