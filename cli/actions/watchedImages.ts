import type { Images, Tensor } from '../../src/index.js'

/** The same images; each is shown to `seen` when it is read, which may be more than once. */
export function watchedImages(images: Images, seen: (index: number, image: Tensor) => void): Images {
  return {
    name: images.name,
    count: images.count,
    channels: images.channels,
    label: (index) => images.label(index),
    async image(index) {
      const image = await images.image(index)
      seen(index, image)
      return image
    },
  }
}
