import { describe, expect, it } from 'vitest'
import type { Picture } from '../../src/data/picture.js'
import { terminalPreview } from '../../src/views/terminalPreview.js'

const grey = (width: number, height: number, ...pixels: number[]): Picture => ({
  width,
  height,
  channels: 1,
  pixels: Uint8Array.from(pixels),
})

describe('terminalPreview', () => {
  it('draws two pixels a character, the upper as foreground and the lower as background', () => {
    expect(terminalPreview(grey(1, 2, 10, 200))).toBe('\x1b[38;2;10;10;10;48;2;200;200;200m▀\x1b[0m\n')
  })

  it('leaves the ground of an odd last row alone, and does not repeat colours', () => {
    expect(terminalPreview(grey(2, 1, 9, 9))).toBe('\x1b[38;2;9;9;9;49m▀▀\x1b[0m\n')
  })

  it('averages a picture that is wider than the terminal, and enlarges none', () => {
    expect(terminalPreview(grey(4, 2, 0, 100, 50, 50, 100, 200, 50, 50), { columns: 2 })).toBe(
      '\x1b[38;2;100;100;100;49m▀\x1b[38;2;50;50;50;49m▀\x1b[0m\n',
    )
    expect(terminalPreview(grey(1, 1, 0), { columns: 80 }).match(/▀/g)).toHaveLength(1)
  })

  it('chooses the nearest of 256 colours', () => {
    const colour: Picture = { width: 2, height: 1, channels: 3, pixels: Uint8Array.of(255, 0, 0, 128, 128, 128) }
    expect(terminalPreview(colour, { colour: '256' })).toBe('\x1b[38;5;196;49m▀\x1b[38;5;244;49m▀\x1b[0m\n')
  })

  it('draws without colour from blank to @', () => {
    expect(terminalPreview(grey(3, 2, 128, 0, 255, 128, 0, 255), { colour: 'none' })).toBe('+ @\n')
  })

  it('lays opacity over black', () => {
    const clear: Picture = { width: 1, height: 1, channels: 4, pixels: Uint8Array.of(255, 255, 255, 0) }
    expect(terminalPreview(clear)).toContain('38;2;0;0;0')
  })

  it('takes empty pictures, and refuses impossible widths', () => {
    expect(terminalPreview(grey(0, 0))).toBe('')
    expect(() => terminalPreview(grey(1, 1, 0), { columns: 0 })).toThrow(/columns/)
  })
})
