import type { Picture } from '../data/picture.js'
import { ConfigurationError } from '../tensor/errors.js'
import { formatNumber } from './formatNumber.js'
import { inlineSvg } from './inlineSvg.js'
import { pictureDataUri } from './pictureSvg.js'
import { claimList, claimTable, type ReportClaim, reductions } from './reportClaims.js'
import { reportStyle } from './reportStyle.js'
import { escapeXml } from './xml.js'

/** A measured number. */
export interface ReportNumber {
  readonly label: string
  /** Numbers are written with four significant digits; give text for another form. */
  readonly value: number | string
  readonly unit?: string
  /** How it was measured, or what it means, in a few words. */
  readonly note?: string
}

/** A picture, or an SVG of this folder's charts, with what it shows. */
export type ReportFigure = {
  readonly caption: string
  /** What is to be seen, for those who do not see it. */
  readonly alt: string
  /** Whether it takes the whole width or shares it with its neighbour; whole for pictures, half for SVG by default. */
  readonly width?: 'full' | 'half'
} & ({ readonly picture: Picture } | { readonly svg: string })

export interface ReportSection {
  /** The section's address within the page: letters, digits, "-" and "_", a letter first. */
  readonly id: string
  readonly heading: string
  /** Short paragraphs of plain text. */
  readonly prose?: readonly string[]
  /** What is claimed, and whether it holds. */
  readonly claims?: readonly ReportClaim[]
  readonly figures?: readonly ReportFigure[]
  readonly numbers?: readonly ReportNumber[]
  /** What was reduced to make the section sooner, in a sentence. */
  readonly reduced?: string
  /** The program that made the section. */
  readonly program?: string
}

export interface Report {
  readonly title: string
  /** What the page shows, in a sentence or two below the title. */
  readonly lead?: string
  readonly sections: readonly ReportSection[]
  /** What leads the list of what sections reduced, where any did. */
  readonly reduction?: string
  /** Machine, versions, seeds: what it takes to measure again. */
  readonly environment?: Readonly<Record<string, string | number>>
}

/** Addresses that the page uses itself. */
const OWN_IDS = ['content', 'contents', 'claims', 'summary', 'reduced', 'environment']

/** Pictures wider than the page's column are shown smaller; then smoothing serves them better than crisp pixels. */
const COLUMN = 944

/**
 * A report as one HTML page that needs nothing else: styles and pictures inside it, no scripts, no requests. It follows
 * light and dark, fits a phone and paper, and can be read by keyboard and screen reader.
 * Throws ConfigurationError for ids that are malformed or used twice and for figures without `alt`, DataError for an
 * SVG that holds more than a drawing.
 */
export async function report(content: Report): Promise<string> {
  requireIds(content.sections)
  const sections = await Promise.all(content.sections.map(section))
  const claims = claimTable(content.sections)
  const summary = summaryTable(content.sections)
  const reduced = reductions(
    content.sections,
    content.reduction ?? 'Some sections were made from less, to be there sooner.',
  )
  const links = [
    ...(claims === '' ? [] : [{ id: 'claims', heading: 'The systems' }]),
    ...content.sections,
    ...(summary === '' ? [] : [{ id: 'summary', heading: 'Measured numbers' }]),
    ...(reduced === '' ? [] : [{ id: 'reduced', heading: 'What is reduced' }]),
    ...(content.environment === undefined ? [] : [{ id: 'environment', heading: 'Environment' }]),
  ]
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    '<link rel="icon" href="data:,">',
    `<title>${escapeXml(content.title)}</title>`,
    `<style>${reportStyle}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#content">Skip to the content</a>',
    '<div class="page">',
    '<header>',
    `<h1>${escapeXml(content.title)}</h1>`,
    content.lead === undefined ? '' : `<p class="lead">${escapeXml(content.lead)}</p>`,
    '</header>',
    links.length === 0 ? '' : contents(links),
    '<main id="content" tabindex="-1">',
    claims,
    ...sections,
    summary,
    reduced,
    '</main>',
    content.environment === undefined ? '' : environment(content.environment),
    '</div>',
    '</body>',
    '</html>',
    '',
  ]
    .filter((line, i, lines) => line !== '' || i === lines.length - 1)
    .join('\n')
}

function requireIds(sections: readonly ReportSection[]): void {
  const seen = new Set(OWN_IDS)
  for (const { id } of sections) {
    if (!/^[A-Za-z][\w-]*$/.test(id)) {
      throw new ConfigurationError(
        `The section id ${JSON.stringify(id)} must be letters, digits, "-" and "_", a letter first.`,
      )
    }
    if (seen.has(id)) throw new ConfigurationError(`The section id "${id}" is taken; give each section its own.`)
    seen.add(id)
  }
}

function contents(links: readonly { id: string; heading: string }[]): string {
  const items = links.map(({ id, heading }) => `<li><a href="#${id}">${escapeXml(heading)}</a></li>`)
  return `<nav id="contents" aria-labelledby="contents-heading"><h2 id="contents-heading">Contents</h2><ol>${items.join('')}</ol></nav>`
}

/** All measured numbers, grouped by section; nothing where there are none. */
function summaryTable(sections: readonly ReportSection[]): string {
  const groups = sections
    .filter(({ numbers }) => numbers !== undefined && numbers.length > 0)
    .map(({ id, heading, numbers = [] }) => {
      const head = `<tr><th scope="rowgroup" colspan="4"><a href="#${id}">${escapeXml(heading)}</a></th></tr>`
      return `<tbody>${head}${numbers.map(numberRow).join('')}</tbody>`
    })
  if (groups.length === 0) return ''
  return `<section id="summary" aria-labelledby="summary-heading"><h2 id="summary-heading">Measured numbers</h2>${table(groups.join(''), 'Every number of this page, measured when it was made')}</section>`
}

function table(body: string, caption: string): string {
  const head =
    '<thead><tr><th scope="col">Quantity</th><th scope="col" class="value">Value</th><th scope="col">Unit</th><th scope="col">Note</th></tr></thead>'
  return `<table><caption>${escapeXml(caption)}</caption>${head}${body}</table>`
}

function numberRow({ label, value, unit = '', note = '' }: ReportNumber): string {
  const written = typeof value === 'number' ? formatNumber(value) : value
  return `<tr><th scope="row">${escapeXml(label)}</th><td class="value">${escapeXml(written)}</td><td class="unit">${escapeXml(unit)}</td><td class="note">${escapeXml(note)}</td></tr>`
}

async function section({
  id,
  heading,
  prose = [],
  claims = [],
  figures = [],
  numbers = [],
  reduced,
  program,
}: ReportSection): Promise<string> {
  const drawn = await Promise.all(figures.map(figure))
  return [
    `<section id="${id}" aria-labelledby="${id}-heading">`,
    `<h2 id="${id}-heading">${escapeXml(heading)}</h2>`,
    ...prose.map((paragraph) => `<p>${escapeXml(paragraph)}</p>`),
    claimList(id, claims),
    reduced === undefined ? '' : `<p class="reduced">Reduced here: ${escapeXml(reduced)}</p>`,
    drawn.length === 0 ? '' : `<div class="figures">${drawn.join('')}</div>`,
    numbers.length === 0
      ? ''
      : table(`<tbody>${numbers.map(numberRow).join('')}</tbody>`, `${heading}: measured numbers`),
    program === undefined
      ? ''
      : `<h3>The program</h3><pre tabindex="0" role="region" aria-label="The program of ${escapeXml(heading)}"><code>${escapeXml(program)}</code></pre>`,
    '</section>',
  ].join('')
}

async function figure(given: ReportFigure): Promise<string> {
  if (given.alt.trim() === '') {
    throw new ConfigurationError(`The figure "${given.caption}" has no alt text; say in a sentence what is to be seen.`)
  }
  const width = given.width ?? ('picture' in given ? 'full' : 'half')
  const drawing = 'picture' in given ? await image(given.picture, given.alt) : inlineSvg(given.svg, given.alt)
  return `<figure class="${width}">${drawing}<figcaption>${escapeXml(given.caption)}</figcaption></figure>`
}

async function image(picture: Picture, alt: string): Promise<string> {
  const classes = [...(picture.width <= COLUMN ? ['crisp'] : []), ...(onPaper(picture) ? ['paper'] : [])].join(' ')
  return `<img${classes && ` class="${classes}"`} width="${picture.width}" height="${picture.height}" alt="${escapeXml(alt)}" src="${await pictureDataUri(picture)}">`
}

/** Whether a picture is drawn on white, which the page frames, and dims where it is dark: its four corners tell. */
function onPaper({ width, height, channels, pixels }: Picture): boolean {
  if (width === 0 || height === 0) return false
  const corners = [0, width - 1, (height - 1) * width, height * width - 1]
  return corners.every((at) => pixels.subarray(at * channels, (at + 1) * channels).every((level) => level >= 250))
}

function environment(facts: Readonly<Record<string, string | number>>): string {
  const rows = Object.entries(facts).map(
    ([name, fact]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(String(fact))}</dd>`,
  )
  return `<footer id="environment" aria-labelledby="environment-heading"><h2 id="environment-heading">Environment</h2><dl>${rows.join('')}</dl></footer>`
}
