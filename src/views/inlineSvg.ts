import { DataError } from '../tensor/errors.js'
import { escapeXml } from './xml.js'

/** The elements that a chart is made of. What can run, load or style a page is not among them. */
const ELEMENTS = new Set(
  'svg g path rect circle ellipse line polyline polygon text tspan title desc image defs clipPath linearGradient radialGradient stop marker pattern symbol use'.split(
    ' ',
  ),
)

const TOKEN = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>|[^<]+/gy
const ATTRIBUTE = /([\w:.-]+)="([^"<]*)"/g

/**
 * An SVG ready to stand in a page under the name `alt`: well-formed, of drawing elements only, with no scripts and no
 * address outside itself. Throws DataError, saying what was found, where it is not.
 */
export function inlineSvg(svg: string, alt: string): string {
  const source = svg.trim()
  const open: string[] = []
  let at = 0
  let text = ''
  while (at < source.length) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(source)
    if (token === null) throw refused(`markup that cannot be read at character ${at}: ${source.slice(at, at + 30)}`)
    at = TOKEN.lastIndex
    const [whole, closing, name, attributes, empty] = token
    if (name === undefined) {
      if (open.length === 0) throw refused('text outside its <svg> element')
      text += whole
      continue
    }
    if (!ELEMENTS.has(name)) throw refused(`the element <${name}>`)
    if (open.length === 0 && (text !== '' || closing !== '' || name !== 'svg'))
      throw refused('more than one <svg> element')
    if (closing !== '') {
      if (open.pop() !== name) throw refused(`an unexpected </${name}>`)
      text += whole
      continue
    }
    text += `<${name}${open.length === 0 ? ` role="img" aria-label="${escapeXml(alt)}"` : ''}`
    for (const [, attribute, value] of attributes.matchAll(ATTRIBUTE)) {
      requireHarmless(attribute, value)
      if (attribute.startsWith('xmlns') || attribute === 'role' || attribute.startsWith('aria-')) continue
      text += ` ${attribute}="${value}"`
    }
    text += `${empty}>`
    if (empty === '') open.push(name)
  }
  if (text === '' || open.length > 0) throw refused(text === '' ? 'nothing' : `no </${open[open.length - 1]}>`)
  return text
}

function requireHarmless(attribute: string, value: string): void {
  const address = /^(xlink:)?href$/.test(attribute)
  const inside = value.startsWith('#') || /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=\s]*$/.test(value)
  if (/^on/i.test(attribute) || (address && !inside))
    throw refused(`the attribute ${attribute}="${value.slice(0, 40)}"`)
  const active = address || attribute.startsWith('xmlns') ? null : /url\((?!#)|javascript:|@import|\\/i.exec(value)
  if (active !== null && attribute !== 'aria-label') throw refused(`${active[0]} in the attribute ${attribute}`)
}

function refused(what: string): DataError {
  return new DataError(
    `An SVG for the report holds ${what}; give a single well-formed drawing without scripts, styles or outside addresses.`,
  )
}
