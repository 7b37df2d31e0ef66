import type { Picture } from '../data/picture.js'
import { type Colour, fillRectangle } from './canvas.js'

/** Rows of five dots, top first, each row two hexadecimal digits; descenders take rows eight and nine. */
const GLYPHS: Readonly<Record<string, string>> = {
  '0': '0e11131519110e',
  '1': '040c040404040e',
  '2': '0e11010204081f',
  '3': '1f02040201110e',
  '4': '02060a121f0202',
  '5': '1f101e0101110e',
  '6': '0608101e11110e',
  '7': '1f010204080808',
  '8': '0e11110e11110e',
  '9': '0e11110f01020c',
  '+': '0004041f040400',
  '−': '0000001f000000',
  '-': '0000000e000000',
  '.': '00000000000c0c',
  ',': '0000000000040408',
  ':': '000c0c000c0c00',
  '=': '00001f001f0000',
  '≈': '000d16000d1600',
  '×': '00110a040a1100',
  '%': '18190204081303',
  '/': '00010204081000',
  '(': '02040808080402',
  ')': '08040202020408',
  B: '1e11111e11111e',
  a: '00000e010f110f',
  b: '1010161911111e',
  c: '00000e1010110e',
  d: '01010d1311110f',
  e: '00000e111f100e',
  f: '0609081c080808',
  g: '00000f11110f01010e',
  h: '10101619111111',
  i: '04000c0404040e',
  j: '02000602020202120c',
  k: '10101214181412',
  l: '0c04040404040e',
  m: '00001a15151111',
  n: '00001619111111',
  o: '00000e1111110e',
  p: '00001e11111e101010',
  q: '00000f11110f010101',
  r: '00001619101010',
  s: '00000f100e011e',
  t: '08081c08080906',
  u: '0000111111130d',
  v: '00001111110a04',
  w: '0000111115150a',
  x: '0000110a040a11',
  y: '00001111110f01010e',
  z: '00001f0204081f',
  σ: '00000f1412110e',
  λ: '18040404060a11',
}

/** What stands for a character that the font lacks. */
const MISSING = '1f11111111111f'

/** The width of a line of text in pixels, at `scale` pixels to a dot. */
export function textWidth(text: string, scale: number): number {
  const length = [...text].length
  return length === 0 ? 0 : (length * 6 - 1) * scale
}

/** Draws a line of text (digits, signs, lower-case letters, σ and λ, and the B of dB; others as boxes), its top left corner at (left, top). */
export function drawText(
  picture: Picture,
  left: number,
  top: number,
  text: string,
  scale: number,
  colour: Colour,
): void {
  ;[...text].forEach((character, place) => {
    if (character === ' ') return
    const glyph = GLYPHS[character] ?? GLYPHS[character.toLowerCase()] ?? MISSING
    for (let row = 0; row < glyph.length / 2; row++) {
      const dots = Number.parseInt(glyph.slice(2 * row, 2 * row + 2), 16)
      for (let column = 0; column < 5; column++) {
        if ((dots & (16 >> column)) === 0) continue
        fillRectangle(picture, left + (place * 6 + column) * scale, top + row * scale, scale, scale, colour)
      }
    }
  })
}
