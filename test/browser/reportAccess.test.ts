import { mosaic, report, tensor } from 'energia'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from './browser.js'

let browser: Browser
let html: string

beforeAll(async () => {
  browser = await openBrowser()
  const claim = (number: number, holds: boolean) => ({
    ...{ number, title: `System ${number}`, said: 'Water is wet.', holds, measured: 'it was.' },
  })
  html = await report({
    title: 'The lecture',
    lead: 'A page.',
    sections: [1, 2].map((number) => ({
      id: `part-${number}`,
      heading: `Part ${number}`,
      prose: ['A paragraph.'],
      claims: [claim(number, number === 1)],
      figures: [
        {
          picture: mosaic(
            tensor(
              [4, 8, 8],
              Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
            ),
          ),
          alt: 'Four squares of waves.',
          caption: 'Atoms.',
        },
      ],
      numbers: [{ label: 'Energy', value: 1.5, unit: 'nats', note: 'a mean' }],
      reduced: 'Less of it.',
      program: `console.log('${'a long line '.repeat(20)}')`,
    })),
    environment: { seed: 1 },
  })
})

afterAll(() => browser?.close())

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 900, height: 800 }, ...options })
  const page = await context.newPage()
  await page.setContent(html)
  return page
}

interface Node {
  readonly role: string
  readonly name: string
}

/** What a screen reader is given, in its order. */
async function accessibilityTree(session: CDPSession): Promise<Node[]> {
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value ?? ''), name: String(name?.value ?? '') }))
}

describe('the report', () => {
  it('has landmarks, headings in order, named pictures, tables and programs', async () => {
    const page = await open()
    const tree = await accessibilityTree(await page.context().newCDPSession(page))
    const named = (role: string) => tree.filter((node) => node.role === role).map(({ name }) => name)
    for (const landmark of ['banner', 'navigation', 'main', 'contentinfo']) {
      expect(named(landmark), landmark).toHaveLength(1)
    }
    expect(named('navigation')).toEqual(['Contents'])
    expect(named('region')).toEqual(
      expect.arrayContaining(['The systems', 'Part 1', 'Part 2', 'Measured numbers', 'What is reduced']),
    )
    expect(named('image').every((name) => name === 'Four squares of waves.')).toBe(true)
    expect(named('table').every((name) => name.length > 10)).toBe(true)
    const levels = await page.evaluate(() =>
      Array.from(document.querySelectorAll('h1,h2,h3,h4'), ({ tagName }) => Number(tagName[1])),
    )
    expect(levels[0]).toBe(1)
    for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1)
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
    await page.context().close()
  })

  it('is walked through by keyboard: the skip link first, every stop seen, every address there', async () => {
    const page = await open({ reducedMotion: 'reduce' }) // scrolls at once
    await page.keyboard.press('Tab')
    const stops: string[] = []
    for (let i = 0; i < 60; i++) {
      const stop = await page.evaluate(() => {
        const element = document.activeElement
        if (!(element instanceof HTMLElement) || element === document.body) return undefined
        const { outlineStyle, outlineWidth } = getComputedStyle(element)
        const { top, bottom } = element.getBoundingClientRect()
        const seen = bottom > 0 && top < innerHeight && outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
        return `${element.textContent?.slice(0, 30)}${seen ? '' : ' (not seen)'}`
      })
      if (stop === undefined) break
      stops.push(stop)
      await page.keyboard.press('Tab')
    }
    expect(stops[0]).toBe('Skip to the content')
    expect(stops.filter((stop) => stop.endsWith('(not seen)'))).toEqual([])
    expect(stops.filter((stop) => stop.startsWith('console.log'))).toHaveLength(2)
    const broken = await page.evaluate(() =>
      Array.from(document.querySelectorAll('a[href^="#"]'), (link) => link.getAttribute('href') ?? '').filter(
        (address) => document.querySelector(address) === null,
      ),
    )
    expect(broken).toEqual([])
    await page.context().close()
  })

  it.each(['light', 'dark'] as const)('has text with a contrast of 4.5 and more in %s', async (colorScheme) => {
    const page = await open({ colorScheme })
    const faint = await page.evaluate(() => {
      const parse = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number)
      const luminance = ([r, g, b]: number[]) => {
        const [x, y, z] = [r, g, b].map((level) => {
          const share = level / 255
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * x + 0.7152 * y + 0.0722 * z
      }
      const background = (element: Element): number[] => {
        for (let at: Element | null = element; at; at = at.parentElement) {
          const colour = parse(getComputedStyle(at).backgroundColor)
          if (colour.length === 3 || colour[3] === 1) return colour
        }
        return [255, 255, 255]
      }
      const texts = Array.from(document.querySelectorAll('body *')).filter((element) =>
        Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.textContent?.trim()),
      )
      return texts.flatMap((element) => {
        const [ink, paper] = [luminance(parse(getComputedStyle(element).color)), luminance(background(element))]
        const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)
        return contrast < 4.5 ? [`${element.tagName} ${element.className} ${contrast.toFixed(2)}`] : []
      })
    })
    expect(faint).toEqual([])
    await page.context().close()
  })

  it('keeps still where motion is to be reduced', async () => {
    for (const [reducedMotion, behaviour] of [
      ['no-preference', 'smooth'],
      ['reduce', 'auto'],
    ] as const) {
      const page = await open({ reducedMotion })
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior)).toBe(behaviour)
      await page.context().close()
    }
  })

  it('prints whole programs and pictures that no page cuts', async () => {
    const page = await open({ viewport: { width: 680, height: 1000 } })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const seen = await page.evaluate(() => ({
      cut: Array.from(document.querySelectorAll('pre')).filter(
        ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
      ).length,
      breaks: Array.from(document.querySelectorAll('figure,tr'), (each) => getComputedStyle(each).breakInside),
      paper: getComputedStyle(document.body).backgroundColor,
      hidden: ['nav', '.skip'].map((which) => getComputedStyle(document.querySelector(which)!).display),
    }))
    expect(seen.cut).toBe(0)
    expect(new Set(seen.breaks)).toEqual(new Set(['avoid']))
    expect(seen.paper).toBe('rgb(255, 255, 255)')
    expect(seen.hidden).toEqual(['none', 'none'])
    await page.context().close()
  })

  it('says in words, not in colours, whether a claim holds', async () => {
    const page = await open()
    const verdicts = await page.evaluate(() =>
      Array.from(document.querySelectorAll('.overview .verdict'), ({ textContent }) => textContent),
    )
    expect(verdicts).toEqual(['holds', 'does not hold'])
    await page.context().close()
  })
})
