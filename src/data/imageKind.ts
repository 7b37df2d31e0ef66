import { FileFormatError } from '../tensor/errors.js'

/** Pixels of the largest image that is decoded. */
export const largestImage = 100_000_000

const startsWith = (bytes: Uint8Array, signature: readonly number[], at = 0): boolean =>
  signature.every((byte, i) => bytes[at + i] === byte)

/** Which kind of image bytes begin like; undefined for anything else. */
export function imageKind(head: Uint8Array): 'PNG' | 'JPEG' | 'WebP' | 'TIFF' | undefined {
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'PNG'
  if (startsWith(head, [0xff, 0xd8, 0xff])) return 'JPEG'
  if (startsWith(head, [0x52, 0x49, 0x46, 0x46]) && startsWith(head, [0x57, 0x45, 0x42, 0x50], 8)) return 'WebP'
  if (startsWith(head, [0x49, 0x49, 0x2a, 0]) || startsWith(head, [0x4d, 0x4d, 0, 0x2a])) return 'TIFF'
  return undefined
}

/** Throws {@link FileFormatError} unless bytes begin like an image that can be read. */
export function checkImageKind(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) throw new FileFormatError(`${name} is empty.`)
  if (imageKind(bytes) === undefined)
    throw new FileFormatError(`${name} is not a PNG, JPEG, WebP or TIFF image. Convert it to one of these.`)
}

/** Throws {@link FileFormatError} where an image is empty or larger than {@link largestImage}. */
export function checkImageSize(width: number, height: number, name: string): void {
  if (!(width > 0 && height > 0)) throw new FileFormatError(`${name} is an image without pixels (${width}×${height}).`)
  if (width * height > largestImage) {
    throw new FileFormatError(
      `${name} has ${width}×${height} pixels; images of at most ${largestImage} pixels are read. Cut it into parts.`,
    )
  }
}
