import type { Picture } from '../data/picture.js'
import { ConfigurationError } from '../tensor/errors.js'

/** A colour of a picture: a grey level or red, green and blue, each a whole number from 0 to 255. */
export type Colour = number | readonly [red: number, green: number, blue: number]

/** More pixels than this are refused: 400 MB of greys help nobody. */
const LARGEST_AREA = 1e8

/** A picture of one colour, to be drawn on. Throws {@link ConfigurationError} where it would be too large to hold. */
export function canvas(width: number, height: number, channels: 1 | 3, background: Colour): Picture {
  if (!(width >= 1 && height >= 1 && width * height <= LARGEST_AREA)) {
    throw new ConfigurationError(
      `A picture of ${width}×${height} pixels was asked for; it must hold 1 to ${LARGEST_AREA}. Choose a smaller scale.`,
    )
  }
  const picture: Picture = { width, height, channels, pixels: new Uint8Array(width * height * channels) }
  fillRectangle(picture, 0, 0, width, height, background)
  return picture
}

/** Checks a colour given as an option. Throws {@link ConfigurationError}. */
export function requireColour(colour: Colour, name: string): void {
  const levels = typeof colour === 'number' ? [colour] : colour
  const sound = levels.every((level) => Number.isInteger(level) && level >= 0 && level <= 255)
  if (!sound || (typeof colour !== 'number' && colour.length !== 3)) {
    throw new ConfigurationError(
      `${name} must be a grey level or [red, green, blue], whole numbers from 0 to 255; got ${JSON.stringify(colour)}.`,
    )
  }
}

/** Checks an option that counts something. Throws {@link ConfigurationError}. */
export function requireWhole(value: number, name: string, from: number, to: number): void {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw new ConfigurationError(`${name} must be a whole number from ${from} to ${to}; got ${value}.`)
  }
}

/** Fills a rectangle; what lies outside the picture is left out. */
export function fillRectangle(
  picture: Picture,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  const { channels, pixels } = picture
  const right = Math.min(left + width, picture.width)
  const bottom = Math.min(top + height, picture.height)
  for (let y = Math.max(top, 0); y < bottom; y++) {
    for (let x = Math.max(left, 0); x < right; x++) {
      const at = (y * picture.width + x) * channels
      for (let c = 0; c < channels; c++) pixels[at + c] = typeof colour === 'number' ? colour : colour[c]
    }
  }
}

/** Draws a tile whose top left corner is (left, top), every pixel as a square of `scale` pixels (nearest neighbour). */
export function drawTile(picture: Picture, left: number, top: number, tile: Picture, scale: number): void {
  for (let y = 0; y < tile.height; y++) {
    for (let x = 0; x < tile.width; x++) {
      const at = (y * tile.width + x) * tile.channels
      const colour: Colour =
        tile.channels === 1 ? tile.pixels[at] : [tile.pixels[at], tile.pixels[at + 1], tile.pixels[at + 2]]
      fillRectangle(picture, left + x * scale, top + y * scale, scale, scale, colour)
    }
  }
}
