import { DataError } from '../tensor/errors.js'

/**
 * An SVG as the bytes of a PNG, `scale` pixels to a unit of the SVG. Colours must be resolved first: see
 * `standaloneSvg`. Throws DataError where the SVG cannot be drawn.
 */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  const drawing = sharp(new TextEncoder().encode(svg), { density: 72 * scale })
  const png = await drawing
    .png({ compressionLevel: 9 })
    .toBuffer()
    .catch((error: unknown) => {
      throw new DataError('The SVG cannot be drawn; give a whole <svg> element with a width and a height.', {
        cause: error,
      })
    })
  return new Uint8Array(png.buffer, png.byteOffset, png.byteLength)
}
