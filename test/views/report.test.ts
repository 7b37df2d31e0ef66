import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, DataError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { energyOverTime } from '../../src/views/energyOverTime.js'
import { inlineSvg } from '../../src/views/inlineSvg.js'
import { mosaic } from '../../src/views/mosaic.js'
import { pictureSvg } from '../../src/views/pictureSvg.js'
import { report } from '../../src/views/report.js'

const picture = mosaic(tensor([2, 1, 1], Float32Array.of(1, -1)))
const hostile = `"><img src=x onerror=alert(1)><script>alert('1')</script>&amp;\u0000\ud800`

async function sample(text: string) {
  const svg = await energyOverTime([{ name: text, at: [0, 1], energy: [2, 1] }], { title: text, unit: text })
  return report({
    title: text,
    lead: text,
    sections: [
      {
        id: 'strokes',
        heading: text,
        prose: [text],
        figures: [
          { picture, caption: text, alt: text },
          { svg, caption: text, alt: text },
        ],
        numbers: [
          { label: text, value: 16.53125, unit: text, note: text },
          { label: 'gap', value: text },
        ],
        program: text,
      },
      { id: 'edges', heading: 'Edges' },
    ],
    environment: { [text]: text, seed: 2026 },
  })
}

/** Every tag of a page is closed in order; void elements and self-closed SVG apart. */
function unbalanced(html: string): string | undefined {
  const open: string[] = []
  const body = html.replace(/<style>.*?<\/style>/s, '').replace('<!doctype html>', '')
  for (const [, closing, name, , empty] of body.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>/g,
  )) {
    if (closing !== '') {
      if (open.pop() !== name) return name
    } else if (empty === '' && !['meta', 'link', 'img'].includes(name)) open.push(name)
  }
  return open[0]
}

/** The class of the image that a picture of 2 × 2 pixels becomes. */
async function classOf(channels: 1 | 3 | 4, pixels: number[]): Promise<string | undefined> {
  const figure = { picture: { width: 2, height: 2, channels, pixels: Uint8Array.from(pixels) }, caption: 'c', alt: 'a' }
  const html = await report({ title: 't', sections: [{ id: 's', heading: 'h', figures: [figure] }] })
  return /<img class="([^"]*)"/.exec(html)?.[1]
}

describe('report', () => {
  it('frames pictures on white paper, and no others', async () => {
    expect(await classOf(1, [255, 255, 255, 255])).toBe('crisp paper')
    expect(await classOf(1, [255, 255, 255, 120])).toBe('crisp')
    expect(await classOf(3, Array(12).fill(252))).toBe('crisp paper')
    expect(await classOf(3, [...Array(9).fill(255), 255, 255, 0])).toBe('crisp')
    expect(await classOf(4, [...Array(12).fill(255), 255, 255, 255, 0])).toBe('crisp') // not opaque
  })

  it('is one page: no scripts, no requests, pictures inside it', async () => {
    const html = await sample('Strokes')
    expect(html).not.toMatch(/https?:|\/\/[a-z]|<script|@import|url\(/i)
    for (const [, address] of html.matchAll(/\s(?:src|href)="([^"]*)"/g)) expect(address).toMatch(/^(#|data:)/)
    expect(html).toContain("default-src 'none'")
    expect(html).toContain('src="data:image/png;base64,iVBOR')
    expect(html).toContain('image-rendering:pixelated')
    expect(html).toContain('prefers-color-scheme:dark')
    expect(html).toContain('@media print')
  })

  it('escapes everything it is given', async () => {
    const html = await sample(hostile)
    expect(unbalanced(html)).toBeUndefined()
    const { document } = parseHTML(html)
    expect(document.querySelectorAll('script, [onerror], img[src="x"]')).toHaveLength(0)
    expect(document.querySelector('h1')?.textContent).toContain("<script>alert('1')</script>")
    expect(document.querySelector('pre')?.textContent).toContain('onerror=alert(1)')
    expect(html).not.toContain('\u0000')
    expect(html).not.toMatch(/\p{Surrogate}/u)
  })

  it('has landmarks, headings in order, names for all pictures and scopes for all table heads', async () => {
    const html = await sample('Strokes')
    expect(unbalanced(html)).toBeUndefined()
    const { document } = parseHTML(html)
    expect(document.documentElement.getAttribute('lang')).toBe('en')
    for (const landmark of ['header', 'nav', 'main', 'footer'])
      expect(document.querySelectorAll(landmark)).toHaveLength(1)
    expect(document.querySelectorAll('h1')).toHaveLength(1)
    const levels = [...document.querySelectorAll('h1,h2,h3')].map((heading) => Number(heading.localName[1]))
    levels.forEach((level, i) => {
      expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1)
    })
    for (const image of document.querySelectorAll('img')) expect(image.getAttribute('alt')).not.toBe('')
    for (const drawing of document.querySelectorAll('figure svg'))
      expect(drawing.getAttribute('aria-label')).toBe('Strokes')
    for (const head of document.querySelectorAll('th')) expect(head.getAttribute('scope')).toBeTruthy()
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const link of document.querySelectorAll('a[href^="#"]'))
      expect(ids).toContain(link.getAttribute('href')?.slice(1))
    for (const named of document.querySelectorAll('[aria-labelledby]'))
      expect(ids).toContain(named.getAttribute('aria-labelledby'))
    expect(document.querySelector('body')?.firstElementChild?.getAttribute('href')).toBe('#content')
  })

  it('lists every measured number at the top, and facts as they are', async () => {
    const { document } = parseHTML(await sample('Strokes'))
    const summary = document.querySelector('#summary')
    expect(summary?.textContent).toContain('16.53')
    expect(summary?.querySelectorAll('td.value')).toHaveLength(2)
    expect(document.querySelector('footer dl')?.textContent).toContain('2026')
  })

  it('can be empty', async () => {
    const html = await report({ title: '', sections: [] })
    expect(unbalanced(html)).toBeUndefined()
    expect(html).not.toContain('id="summary"')
  })

  it('refuses ids that break the page and figures without alt text', async () => {
    const section = (id: string) => ({ id, heading: 'x' })
    await expect(report({ title: '', sections: [section('a b')] })).rejects.toThrow(/section id "a b"/)
    await expect(report({ title: '', sections: [section('a'), section('a')] })).rejects.toThrow(/taken/)
    await expect(report({ title: '', sections: [section('summary')] })).rejects.toThrow(ConfigurationError)
    const blind = { ...section('a'), figures: [{ picture, caption: 'Strokes', alt: ' ' }] }
    await expect(report({ title: '', sections: [blind] })).rejects.toThrow(/"Strokes" has no alt text/)
  })
})

describe('inlineSvg', () => {
  it('accepts the pictures and charts of this folder', async () => {
    const svg = await pictureSvg(picture, { title: 'a & b', description: '"c"' })
    expect(inlineSvg(svg, 'two atoms')).toMatch(/^<svg role="img" aria-label="two atoms" width="/)
    expect(inlineSvg(svg, 'x')).not.toContain('xmlns')
  })

  it.each([
    '<svg><script>1</script></svg>',
    '<svg onload="alert(1)"></svg>',
    '<svg><image href="http://x/y.png"/></svg>',
    '<svg><image href="data:image/svg+xml;base64,AAAA"/></svg>',
    '<svg><use xlink:href="other.svg#a"/></svg>',
    '<svg><rect fill="url(http://x)"/></svg>',
    '<svg><rect style="background:u\\72l(x)"/></svg>',
    '<svg><foreignObject/></svg>',
    '<svg><style>*{}</style></svg>',
    '<svg><!-- --></svg>',
    '<svg><g></svg>',
    '<svg></g></svg>',
    '<svg/><svg/>',
    '<svg></svg>after',
    '<svg><rect width=1/></svg>',
    '<p></p>',
    'text',
    '',
  ])('refuses %s', (svg) => {
    expect(() => inlineSvg(svg, 'x')).toThrow(DataError)
  })
})
