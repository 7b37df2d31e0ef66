import * as valid from '../artifacts/validate.js'
import type { Clipping } from '../learning/optimizers/clipGradients.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { FileFormatError } from '../tensor/errors.js'

/** What the model's input is: observations as they come, or patches of images. */
export type InputSettings =
  | { readonly kind: 'observations' }
  | {
      readonly kind: 'images'
      readonly patch: readonly number[]
      /** Random patches an epoch of learning. */
      readonly patchesPerEpoch: number
      readonly minimumDeviation: number
      /** Steps on whole images, before patches are cut. */
      readonly transform: StepConfig
    }

/** Checks what the input was. */
export const inputSettings: valid.Validator<InputSettings> = valid.variant('kind', {
  observations: valid.object({ kind: valid.oneOf('observations') }),
  images: valid.object({
    kind: valid.oneOf('images'),
    patch: valid.array(valid.whole({ min: 1 }), { min: 2, max: 2 }),
    patchesPerEpoch: valid.whole({ min: 1 }),
    minimumDeviation: valid.number({ min: 0 }),
    transform: valid.described<StepConfig>(),
  }),
})

/** Checks how gradients were clipped. */
export const clipping: valid.Validator<Clipping> = (value, path) => {
  const { norm, value: each } = valid.object({
    norm: valid.optional(valid.number({ above: 0 })),
    value: valid.optional(valid.number({ above: 0 })),
  })(value, path)
  if ((norm === undefined) === (each === undefined)) {
    throw new FileFormatError(`${path} bounds gradients by their norm or by each value; give one of the two.`)
  }
  return norm === undefined ? { value: each as number } : { norm } // one of the two is there
}
