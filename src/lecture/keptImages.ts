import type { Images } from '../data/observations.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import type { Tensor } from '../tensor/tensor.js'

/** Images that are decoded once. */
export function keptImages(images: Images): Images {
  const known = new Map<number, Promise<Tensor>>()
  return {
    ...images,
    image(index) {
      const image = known.get(index) ?? images.image(index)
      known.set(index, image)
      return image
    },
  }
}

/** A step that is done once to each image. */
export function keptStep(step: ImageStep): ImageStep {
  const known = new WeakMap<Tensor, ReturnType<ImageStep['apply']>>()
  return {
    ...step,
    apply(image) {
      const found = known.get(image) ?? step.apply(image)
      known.set(image, found)
      return found
    },
  }
}
