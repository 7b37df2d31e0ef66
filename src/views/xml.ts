/** Text made safe inside elements and double-quoted attributes of HTML and SVG; characters XML forbids are left out. */
export function escapeXml(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, '\ufffd')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
      .replace(/'/g, '&#39;')
  )
}

/** Attributes in which lengths and paths stand: a hundredth of a pixel is enough for them. */
const GEOMETRY = new Set(
  'd points transform x y x1 y1 x2 y2 dx dy cx cy r rx ry width height font-size stroke-width'.split(' '),
)

/**
 * An SVG element as text, the same in every document implementation: style elements and classes are left out,
 * attributes stand in the order of the alphabet, coordinates are rounded to a hundredth.
 */
export function serializeSvg(element: Element): string {
  const name = element.localName
  if (name === 'style') return ''
  const attributes = [...element.attributes]
    .filter((attribute) => attribute.name !== 'class' && !attribute.name.startsWith('xmlns') && attribute.value !== '')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((attribute) => {
      const value = GEOMETRY.has(attribute.name) ? rounded(attribute.value) : attribute.value
      return ` ${attribute.name}="${escapeXml(value)}"`
    })
    .join('')
  const inside = [...element.childNodes]
    .map((node) => {
      if (node.nodeType === 1) return serializeSvg(node as Element)
      return node.nodeType === 3 ? escapeXml(node.nodeValue ?? '') : ''
    })
    .join('')
  return inside === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${inside}</${name}>`
}

const rounded = (value: string) =>
  value.replace(/-?\d*\.\d{3,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100))
