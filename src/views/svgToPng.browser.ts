import { DataError } from '../tensor/errors.js'

/** {@link import('./svgToPng.node.js').svgToPng} by the page's own drawing. */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = address
    await image.decode().catch((error: unknown) => {
      throw new DataError('The SVG cannot be drawn; give a whole <svg> element with a width and a height.', {
        cause: error,
      })
    })
    const canvas = new OffscreenCanvas(Math.ceil(image.naturalWidth * scale), Math.ceil(image.naturalHeight * scale))
    const context = canvas.getContext('2d')
    if (context === null) throw new DataError('This browser has no room left for a drawing; close other pages.')
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await canvas.convertToBlob({ type: 'image/png' })
    return new Uint8Array(await blob.arrayBuffer())
  } finally {
    URL.revokeObjectURL(address)
  }
}
