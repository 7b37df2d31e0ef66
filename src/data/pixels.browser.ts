import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkImageKind, checkImageSize } from './imageKind.js'
import type { Picture } from './picture.js'

async function openImage(bytes: Uint8Array, name: string): Promise<ImageBitmap> {
  checkImageKind(bytes, name)
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), { imageOrientation: 'from-image' })
  } catch (error) {
    throw new FileFormatError(
      `${name} is a damaged image, or of a kind that this browser cannot read. Convert it to PNG.`,
      { cause: error },
    )
  }
  checkImageSize(bitmap.width, bitmap.height, name)
  return bitmap
}

function canvasOf(width: number, height: number): [OffscreenCanvas, OffscreenCanvasRenderingContext2D] {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null)
    throw new ConfigurationError('This browser gives no 2d canvas for pictures. Use a current browser.')
  return [canvas, context]
}

/** [height, width] of an image, turned as its EXIF orientation says. Throws {@link FileFormatError}. */
export async function imageSize(bytes: Uint8Array, name = 'the image'): Promise<readonly [number, number]> {
  const bitmap = await openImage(bytes, name)
  const { width, height } = bitmap
  bitmap.close()
  return [height, width]
}

/**
 * An image as [height, width] (where every pixel is grey) or [height, width, 3] (sRGB) in [0, 1], with the 8 bits a
 * canvas has. It is turned as its EXIF orientation says; where it is transparent, white shows through. Throws
 * {@link FileFormatError}.
 */
export async function decodeImage(bytes: Uint8Array, name = 'the image'): Promise<Tensor> {
  const bitmap = await openImage(bytes, name)
  const { width, height } = bitmap
  const [, context] = canvasOf(width, height)
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, width, height)
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  const pixels = context.getImageData(0, 0, width, height).data
  let grey = true
  for (let i = 0; i < pixels.length && grey; i += 4) grey = pixels[i] === pixels[i + 1] && pixels[i] === pixels[i + 2]
  const channels = grey ? 1 : 3
  const data = new Float32Array(width * height * channels)
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < channels; channel++) data[i * channels + channel] = pixels[4 * i + channel] / 255
  }
  return { shape: grey ? [height, width] : [height, width, 3], data }
}

/** A picture as a PNG file. */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const { width, height, channels, pixels } = picture
  const [canvas, context] = canvasOf(width, height)
  const rgba = new Uint8ClampedArray(4 * width * height)
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++)
      rgba[4 * i + channel] = pixels[i * channels + (channels === 1 ? 0 : channel)]
    rgba[4 * i + 3] = channels === 4 ? pixels[4 * i + 3] : 255
  }
  context.putImageData(new ImageData(rgba, width, height), 0, 0)
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  return new Uint8Array(await blob.arrayBuffer())
}
