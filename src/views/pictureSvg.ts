import type { Picture } from '../data/picture.js'
import { toPng } from './toPng.js'
import { escapeXml } from './xml.js'

/** Base64 of bytes, in pieces, so that no call has more arguments than engines allow. */
function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

/** A picture as a data: URI of its PNG. */
export async function pictureDataUri(picture: Picture): Promise<string> {
  return `data:image/png;base64,${base64(await toPng(picture))}`
}

/** A picture as SVG: its PNG embedded, shown without smoothing, with a title and a description for those who do not see it. */
export async function pictureSvg(
  picture: Picture,
  text: { readonly title: string; readonly description: string },
): Promise<string> {
  const { width, height } = picture
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" style="max-width:100%;height:auto">`,
    `<title>${escapeXml(text.title)}</title>`,
    `<desc>${escapeXml(text.description)}</desc>`,
    `<image width="${width}" height="${height}" style="image-rendering:pixelated" href="${await pictureDataUri(picture)}"/>`,
    '</svg>',
  ].join('\n')
}
