import { encodePng } from '#data/pixels'
import type { Picture } from '../data/picture.js'

/** A picture as the bytes of a PNG file. */
export function toPng(picture: Picture): Promise<Uint8Array> {
  return encodePng(picture)
}
