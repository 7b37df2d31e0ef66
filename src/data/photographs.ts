import { readEmbedded } from '#data/files'
import { decodeImage } from '#data/pixels'
import { ConfigurationError } from '../tensor/errors.js'
import { type ImageOptions, toColour, toGrey } from './imageFiles.js'
import type { Images } from './observations.js'

/**
 * The photographs that come with Energia: landscapes, animals, plants and boats, from 790×1024 to 1024×819 pixels, grey or (with
 * `colour`) in the tint of their prints. Each is decoded when it is asked for. Sources and licences: DATA.md.
 */
export async function photographs(options: ImageOptions = {}): Promise<Images> {
  const { colour = false } = options
  const index: { title: string; file: string }[] = JSON.parse(
    new TextDecoder().decode(await readEmbedded('photographs.json')),
  )
  return {
    name: colour ? 'photographs in colour' : 'photographs',
    count: index.length,
    channels: colour ? 3 : 1,
    label: (i) => entry(index, i).title,
    async image(i) {
      const { file, title } = entry(index, i)
      const image = await decodeImage(await readEmbedded(file), title)
      return colour ? toColour(image) : toGrey(image)
    },
  }
}

function entry<T>(items: readonly T[], i: number): T {
  if (!Number.isInteger(i) || i < 0 || i >= items.length) {
    throw new ConfigurationError(`Photograph ${i} was asked for; there are ${items.length} (0 to ${items.length - 1}).`)
  }
  return items[i]
}
