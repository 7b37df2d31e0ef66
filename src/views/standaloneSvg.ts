import { INK } from './palette.js'

/** Room around a chart and for its title, in pixels. */
const MARGIN = 16
const TITLE = 34

/**
 * A chart for a file of its own: on white, with its title written above it, `currentColor` and CSS variables replaced
 * by their light values, so that every viewer of SVG shows it. `svg` is what the charts of this folder return.
 */
export function standaloneSvg(svg: string): string {
  const root = /^<svg\b[^>]*>/.exec(svg)?.[0] ?? ''
  const size = (name: string) => Number(new RegExp(`\\s${name}="([\\d.]+)"`).exec(root)?.[1] ?? 0)
  const [width, height] = [size('width') + 2 * MARGIN, size('height') + 2 * MARGIN + TITLE]
  const text = /<(title|desc)>[^<]*<\/\1>/g
  const title = /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? ''
  const framed = [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    ...(svg.match(text) ?? []),
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${MARGIN}" y="${MARGIN + 16}" fill="currentColor" font-family="system-ui, sans-serif" font-size="16" font-weight="600">${title}</text>`,
    `${root.replace(/ style="[^"]*"/, '').replace('<svg', `<svg x="${MARGIN}" y="${MARGIN + TITLE}" color="${INK}"`)}${svg.slice(root.length).replace(text, '')}`,
    '</svg>',
  ].join('\n')
  return framed.replace(/var\(--[\w-]+,\s*([^()]+)\)/g, '$1').replaceAll('currentColor', INK)
}
