import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { lecture } from 'energia'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, watchedPage } from './browser.js'
import { smallReport } from './programs.js'

let folder: string
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-report-'))
  await lecture({ out: folder, only: ['convergence'] })
  await writeFile(join(folder, 'small.html'), await smallReport())
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Relative luminance of a CSS colour `rgb(r, g, b)`, 0 to 1, near enough to tell light from dark. */
function lightness(colour: string): number {
  const [red, green, blue] = colour.match(/[\d.]+/g)!.map(Number)
  return (0.21 * red + 0.72 * green + 0.07 * blue) / 255
}

const looks = ['small.html', 'index.html'].flatMap((file) =>
  (['light', 'dark'] as const).flatMap((colorScheme) => [375, 1280].map((width) => ({ file, colorScheme, width }))),
)

describe.each(looks)('the report $file, $colorScheme, $width pixels wide', ({ file, colorScheme, width }) => {
  it('opens offline, fits, and can be read', async () => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, offline: true })
    const { page, complaints, requests } = await watchedPage(context)
    const address = pathToFileURL(join(folder, file)).href
    await page.goto(address, { waitUntil: 'load' })

    const seen = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
      background: getComputedStyle(document.body).backgroundColor,
      behind: getComputedStyle(document.documentElement).backgroundColor,
      text: getComputedStyle(document.querySelector('p')!).color,
      unseen: Array.from(document.images).filter(({ complete, naturalWidth }) => !complete || naturalWidth === 0)
        .length,
      charts: document.querySelectorAll('figure svg').length,
    }))
    expect(seen.scroll).toBeLessThanOrEqual(seen.client)
    expect(seen.unseen).toBe(0)
    expect(seen.charts).toBeGreaterThan(0)
    const background = lightness(/, 0\)$/.test(seen.background) ? seen.behind : seen.background)
    expect(background > 0.5).toBe(colorScheme === 'light')
    expect(Math.abs(lightness(seen.text) - background)).toBeGreaterThan(0.4)
    expect(complaints).toEqual([])
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([address])
    await context.close()
  })
})
