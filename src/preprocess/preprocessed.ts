import type { Images, Observations } from '../data/observations.js'
import { ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape } from '../tensor/tensor.js'
import type { FittedStep, ImageStep } from './preprocessor.js'

/**
 * Observations as a fitted step leaves them, batch by batch. Throws {@link ShapeError} where the step was fitted on another shape.
 */
export function preprocessed(observations: Observations, step: FittedStep): Observations {
  if (step.shape !== undefined && !sameShape(step.shape, observations.shape)) {
    throw new ShapeError(
      `The preprocessing was fitted on observations of ${formatShape(step.shape)}, but ${observations.name} holds ` +
        `${formatShape(observations.shape)}. Use data of the first shape, or fit again.`,
    )
  }
  return {
    name: observations.name,
    shape: observations.shape,
    count: observations.count,
    async *batches(pass) {
      for await (const batch of observations.batches(pass)) yield step.apply(batch).output
    },
  }
}

/** Images as an image step leaves them, one by one; their values are then no longer confined to [0, 1]. */
export function preprocessedImages(images: Images, step: ImageStep): Images {
  return {
    name: images.name,
    count: images.count,
    channels: images.channels,
    label: (index) => images.label(index),
    image: async (index) => step.apply(await images.image(index)).output,
  }
}
