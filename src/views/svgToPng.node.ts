/**
 * An SVG as the bytes of a PNG, `scale` pixels to a unit of the SVG. Colours must be resolved first: see
 * `standaloneSvg`. Throws where the SVG cannot be read.
 */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  const png = await sharp(new TextEncoder().encode(svg), { density: 72 * scale })
    .png({ compressionLevel: 9 })
    .toBuffer()
  return new Uint8Array(png.buffer, png.byteOffset, png.byteLength)
}
