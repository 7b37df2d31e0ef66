import { decomposition, fromDense, report, tensor } from 'energia'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from './browser.js'

let browser: Browser
let page: string

beforeAll(async () => {
  browser = await openBrowser()
  const atoms = tensor(
    [2, 4, 4],
    Float32Array.from({ length: 32 }, (_, i) => Math.sin(i + 1)),
  )
  const digit = tensor(
    [4, 4],
    Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  )
  const strokes = decomposition(digit, fromDense(tensor([1, 2], Float32Array.of(1, -2))), atoms)
  page = await report({
    title: 'Looks',
    sections: [
      {
        id: 'looks',
        heading: 'Looks',
        figures: [
          { picture: strokes, caption: 'On white paper.', alt: 'A digit as strokes.' },
          {
            picture: { width: 8, height: 8, channels: 1, pixels: new Uint8Array(64).fill(128) },
            caption: 'Grey.',
            alt: 'Grey.',
          },
        ],
        numbers: [
          { label: 'Atoms in each of eight orientation bins', value: '155, 131, 122, 131, 129, 132, 122, 133' },
          { label: 'Worst certified relative gap', value: 0.00000123, note: 'duality gap over energy' },
          { label: 'Median bandwidth', value: 1.25, unit: 'octaves' },
        ],
      },
    ],
  })
})

afterAll(async () => {
  await browser?.close()
})

describe('on a phone', () => {
  it('a long value leaves its label room, and short ones stand on one line', async () => {
    const context = await browser.newContext({ viewport: { width: 375, height: 800 } })
    const tab = await context.newPage()
    await tab.setContent(page)
    const rows = await tab.evaluate(() =>
      Array.from(document.querySelectorAll('#looks tbody tr'), (row) => {
        const [label, value, unit] = Array.from(row.children, (cell) => cell.getBoundingClientRect())
        return {
          row: row.getBoundingClientRect().width,
          label: label.width,
          value: value.height,
          unit: unit.top - value.top,
        }
      }),
    )
    expect(rows).toHaveLength(3)
    for (const { row, label } of rows) expect(label).toBeGreaterThan(0.4 * row)
    const [, gap, bandwidth] = rows
    expect(gap.value).toBeLessThan(35)
    expect(Math.abs(bandwidth.unit)).toBeLessThan(10)
    expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375)
    await context.close()
  })
})

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('a picture on white is framed, and no brighter than the page bears', async () => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 900, height: 800 } })
    const tab = await context.newPage()
    await tab.setContent(page)
    const [paper, grey] = await tab.locator('figure img').all()
    const radius = (element: Element) => Number.parseFloat(getComputedStyle(element).borderTopLeftRadius)
    expect(await paper.evaluate(radius)).toBeGreaterThan(4)
    expect(await grey.evaluate(radius)).toBe(0)
    const { channels } = await sharp(await paper.screenshot()).stats()
    const brightest = Math.max(...channels.slice(0, 3).map(({ max }) => max))
    if (colorScheme === 'light') expect(brightest).toBe(255)
    else expect(brightest).toBeLessThan(225)
    await context.close()
  })
})
