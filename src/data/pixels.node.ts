import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkImageKind, checkImageSize } from './imageKind.js'
import type { Picture } from './picture.js'

/** Loaded on first use: sharp brings a native library. */
async function loadSharp() {
  try {
    return (await import('sharp')).default
  } catch (error) {
    throw new ConfigurationError(
      'Reading and writing pictures needs the package sharp, which did not load here. Run: npm install sharp',
      {
        cause: error,
      },
    )
  }
}

type Sharp = ReturnType<Awaited<ReturnType<typeof loadSharp>>>

async function openImage(
  bytes: Uint8Array,
  name: string,
): Promise<{ image: Sharp; width: number; height: number; deep: boolean; grey: boolean }> {
  checkImageKind(bytes, name)
  const sharp = await loadSharp()
  // Its size is checked before anything is decoded, in a sentence that says it.
  const image = sharp(bytes, { limitInputPixels: false, failOn: 'warning', autoOrient: true })
  try {
    const metadata = await image.metadata()
    const { width, height } = metadata.autoOrient
    checkImageSize(width, height, name)
    if (!['uchar', 'ushort'].includes(metadata.depth)) {
      throw new FileFormatError(
        `${name} stores its pixels as ${metadata.depth}; 8 and 16 bits can be read. Save such data as npy.`,
      )
    }
    return { image, width, height, deep: metadata.depth === 'ushort', grey: ['b-w', 'grey16'].includes(metadata.space) }
  } catch (error) {
    throw unreadable(error, name)
  }
}

const unreadable = (error: unknown, name: string): Error =>
  error instanceof FileFormatError
    ? error
    : new FileFormatError(
        `${name} is a damaged image (${error instanceof Error ? error.message.split('\n')[0] : String(error)}). Fetch or save it again.`,
        {
          cause: error,
        },
      )

/** [height, width] of an image from its header, turned as its EXIF orientation says. Throws {@link FileFormatError}. */
export async function imageSize(bytes: Uint8Array, name = 'the image'): Promise<readonly [number, number]> {
  const { width, height } = await openImage(bytes, name)
  return [height, width]
}

/**
 * A PNG, JPEG, WebP or TIFF as [height, width] (grey) or [height, width, 3] (sRGB) in [0, 1]; 16-bit images keep their
 * precision. It is turned as its EXIF orientation says; where it is transparent, white shows through. Of several pages
 * the first is read. Throws {@link FileFormatError}.
 */
export async function decodeImage(bytes: Uint8Array, name = 'the image'): Promise<Tensor> {
  const { image, width, height, deep, grey } = await openImage(bytes, name)
  const channels = grey ? 1 : 3
  let raw: Uint8Array
  try {
    raw = await image
      .flatten({ background: '#ffffff' })
      .toColourspace(`${grey ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb'}`)
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer()
  } catch (error) {
    throw unreadable(error, name)
  }
  const values = deep ? new Uint16Array(raw.slice().buffer) : raw
  if (values.length !== width * height * channels)
    throw new FileFormatError(`${name} is a damaged image: it has ${values.length} values.`)
  const scale = deep ? 65535 : 255
  const data = new Float32Array(values.length)
  for (let i = 0; i < data.length; i++) data[i] = values[i] / scale
  return { shape: grey ? [height, width] : [height, width, 3], data }
}

/** A picture as a PNG file. */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const { width, height, channels, pixels } = picture
  const sharp = await loadSharp()
  const image = sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 9 })
  const encoded = await (channels === 1 ? image.toColourspace('b-w') : image).toBuffer()
  return new Uint8Array(encoded)
}
