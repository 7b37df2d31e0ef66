import {
  ConfigurationError,
  formatShape,
  type ObservationMasks,
  openSource,
  readNpyTensor,
  type Tensor,
} from '../../src/index.js'

/**
 * Masks of a file: an npy array of one mask for all observations, or of one each; or images, white where there is something to see. A single one
 * counts for all. Numbers of 0.5 and above are 1. Throws ConfigurationError where the file holds no masks.
 */
export async function masksOf(file: string, spatial: 1 | 2): Promise<ObservationMasks> {
  if (/\.npy$/i.test(file)) {
    const mask = binary(await readNpyTensor(file))
    const { shape, data } = mask
    if (shape.length === spatial) return mask
    if (shape.length === spatial + 1) {
      const [count, ...each] = shape
      const size = data.length / Math.max(1, count)
      return (index) => {
        checkMask(file, index, count)
        return { shape: each, data: data.subarray(index * size, (index + 1) * size) }
      }
    }
    throw new ConfigurationError(
      `${file} holds an array of ${formatShape(shape)}; a mask is ${spatial === 2 ? '[height, width], or [n, height, width]' : '[length], or [n, length]'} with one for each observation.`,
    )
  }
  const opened = await openSource(file)
  if (opened.kind !== 'images' || spatial === 1) {
    throw new ConfigurationError(
      `${file} holds no masks; give an npy file${spatial === 2 ? ' or images' : ''} with 1 for what was observed and 0 for what is missing.`,
    )
  }
  const { images } = opened
  const masks: Tensor[] = []
  for (let i = 0; i < images.count; i++) masks.push(binary(await images.image(i)))
  if (masks.length === 1) return masks[0]
  return (index) => {
    checkMask(file, index, masks.length)
    return masks[index]
  }
}

function checkMask(file: string, index: number, count: number): void {
  if (index < count) return
  throw new ConfigurationError(
    `${file} holds ${count} masks, and there are more observations; give one mask for all, or one for each.`,
  )
}

function binary({ shape, data }: Tensor): Tensor {
  return { shape, data: data.map((value) => (value >= 0.5 ? 1 : 0)) }
}
