import { openFile } from '#data/files'
import { decodeImage, imageSize } from '#data/pixels'
import { ConfigurationError, DataError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import type { FileInput } from './fileHandle.js'
import type { Images } from './observations.js'

export interface ImageOptions {
  /** Keep red, green and blue; otherwise images become grey. */
  readonly colour?: boolean
}

/** Images from files. Nothing is decoded before it is asked for. Throws {@link DataError} where there are none. */
export function imageFiles(
  files: readonly FileInput[],
  options: ImageOptions & { readonly name?: string } = {},
): Images & { size(index: number): Promise<readonly [number, number]> } {
  const { colour = false, name = 'the images' } = options
  if (files.length === 0) throw new DataError(`${name} holds no PNG, JPEG, WebP or TIFF images.`)
  const label = (index: number): string => {
    const file = checkIndex(files, index, name)
    if (typeof file === 'string') return file.replace(/^.*[\\/]/, '')
    return file instanceof Blob && 'name' in file && typeof file.name === 'string' ? file.name : `image ${index + 1}`
  }
  // What is wrong with a file is told with its folder: images of several folders share their names.
  const place = (index: number): string => {
    const file = files[index]
    return typeof file === 'string' ? file : label(index)
  }
  return {
    name,
    count: files.length,
    channels: colour ? 3 : 1,
    label,
    async image(index) {
      const decoded = await decodeImage(await readWhole(checkIndex(files, index, name)), place(index))
      return colour ? toColour(decoded) : toGrey(decoded)
    },
    size: async (index) => imageSize(await readWhole(checkIndex(files, index, name)), place(index)),
  }
}

function checkIndex<T>(items: readonly T[], index: number, name: string): T {
  if (!Number.isInteger(index) || index < 0 || index >= items.length) {
    throw new ConfigurationError(
      `Image ${index} was asked of ${name}, which has ${items.length} (0 to ${items.length - 1}).`,
    )
  }
  return items[index]
}

/** The longest file that is taken for an image. */
const longest = 1 << 30

async function readWhole(input: FileInput): Promise<Uint8Array> {
  const handle = await openFile(input)
  try {
    if (handle.size > longest) throw new DataError(`${handle.name} has ${handle.size} bytes, too many for an image.`)
    return await handle.read(0, handle.size)
  } finally {
    await handle.close()
  }
}

/** [h, w, 3] to [h, w]: 0.299 R + 0.587 G + 0.114 B of the stored values (ITU-R BT.601, section 2.5.1). Grey stays. */
export function toGrey(image: Tensor): Tensor {
  if (image.shape.length === 2) return image
  const [height, width] = image.shape
  const data = new Float32Array(height * width)
  for (let i = 0; i < data.length; i++) {
    data[i] = 0.299 * image.data[3 * i] + 0.587 * image.data[3 * i + 1] + 0.114 * image.data[3 * i + 2]
  }
  return { shape: [height, width], data }
}

/** [h, w] to [h, w, 3] with three equal channels. Colour stays. */
export function toColour(image: Tensor): Tensor {
  if (image.shape.length === 3) return image
  const [height, width] = image.shape
  const data = new Float32Array(3 * height * width)
  for (let i = 0; i < data.length; i++) data[i] = image.data[Math.floor(i / 3)]
  return { shape: [height, width, 3], data }
}
