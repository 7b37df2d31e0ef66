import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawText, textWidth } from '../../src/views/bitmapFont.js'
import { canvas } from '../../src/views/canvas.js'
import { formatNumber, formatShare } from '../../src/views/formatNumber.js'
import { escapeXml } from '../../src/views/xml.js'

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [16.53125, '16.53'],
    [-2.5, '−2.5'],
    [0.874, '0.874'],
    [9.7e-7, '9.7\u00a0×\u00a010⁻⁷'],
    [60000, '60\u202f000'],
    [1234.56, '1\u202f235'],
    [999.96, '1\u202f000'],
    [1e15, '1\u00a0×\u00a010¹⁵'],
    [Number.NaN, 'not a number'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('writes %d as people do', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it('keeps four significant digits of any number', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e11, noNaN: true }), (value) => {
        const read = Number(formatNumber(value).replace(/\u202f/g, ''))
        expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.max(5.001e-4 * value, value >= 1000 ? 0.5 : 0))
      }),
    )
  })

  it('writes shares as percentages', () => {
    expect([0, 0.0421, 1].map(formatShare)).toEqual(['0\u00a0%', '4.21\u00a0%', '100\u00a0%'])
  })
})

describe('escapeXml', () => {
  it('leaves nothing that could open a tag or end an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/)
      }),
    )
  })
})

describe('drawText', () => {
  it('draws every character within its width, and clips at the edge', () => {
    const picture = canvas(60, 12, 1, 255)
    drawText(picture, 0, 0, '+1.5', 1, 0)
    const inked = [...picture.pixels.keys()].filter((at) => picture.pixels[at] === 0)
    expect(inked.length).toBeGreaterThan(20)
    expect(Math.max(...inked.map((at) => at % 60))).toBeLessThan(textWidth('+1.5', 1))
    drawText(picture, 55, -3, 'Ω8', 4, 0)
    expect(picture.pixels).toHaveLength(720)
  })

  it('tells its characters apart', () => {
    const drawn = [...'0123456789+−.≈=×Babcdefghijklmnopqrstuvwxyzσλ'].map((character) => {
      const picture = canvas(6, 9, 1, 255)
      drawText(picture, 0, 0, character, 1, 0)
      return picture.pixels.join()
    })
    expect(new Set(drawn).size).toBe(drawn.length)
  })
})
