import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { listedTensors } from './cardParts.js'
import type { ConvolutionalAutoEncoderModel } from './convolutionalAutoEncoderModel.js'
import { origin } from './sparseCodingCard.js'

/** The card (README.md) of a run of a convolutional auto-encoder. */
export function autoEncoderCard(model: ConvolutionalAutoEncoderModel, pictures: readonly string[]): string {
  const { settings, kernels, parameters, history, status } = model
  const last = history.at(-1)
  return modelCard({
    title: `A sparse auto-encoder of ${settings.kernels} kernels (${settings.encoder.kind}), learned from ${settings.data}`,
    model: model.kind,
    summary:
      'The convolutional sparse auto-encoder, E(y, z) = ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − Enc(y)‖²: kernels D and encoder are learned together, so that the encoder predicts sparse feature maps of an image of any size.',
    data: { name: settings.data, shape: kernels.shape.slice(1), ...origin(settings.data) },
    settings: { ...settings },
    measures: last
      ? [
          { name: 'energy a crop', value: last.energy, note: 'mean over the last batches of learning' },
          ...(last.heldOutEnergy === undefined
            ? []
            : [{ name: 'energy a held-out crop', value: last.heldOutEnergy, note: 'mean' }]),
          { name: 'encoder’s term of it', value: last.encoder },
          { name: 'active coefficients a code', value: last.active },
          { name: 'active share of a code', value: `${(100 * last.activeShare).toPrecision(3)} %` },
          { name: 'kernels that began anew', value: last.deadReplaced, note: 'no code used them' },
          { name: 'steps of learning', value: last.step },
          { name: 'seconds of learning', value: last.seconds },
          { name: 'learning', value: status },
        ]
      : [],
    tensors: [{ name: 'kernels', dtype: 'F32', shape: kernels.shape }, ...listedTensors('encoder', parameters)],
    pictures: pictures.map((file) => ({
      file,
      caption: 'Left the encoder’s filters, right the decoder’s kernels at the same places; zero is mid-grey.',
    })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nfor await (const { name, inference } of model.encodeEach(images)) console.log(name, inference.codes.indices.length)",
    energia: version,
  })
}
