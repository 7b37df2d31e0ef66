import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { learningMeasures, listedTensors } from './cardParts.js'
import type { VariationalModel } from './variationalAutoEncoderModel.js'
import type { RunPicture } from './variationalAutoEncoderPictures.js'

/** The card (README.md) of a run of a variational auto-encoder. */
export function variationalCard(
  { settings, parameters, history, status }: VariationalModel,
  pictures: readonly RunPicture[],
): string {
  return modelCard({
    title: `A variational auto-encoder with codes of ${settings.latent}, learned from ${settings.data}`,
    model: 'variational-auto-encoder',
    summary:
      'F(x, y) = E[−log p(y | Dec(h, z))] + β(spring·½‖z̄‖² + ballSize·½Σ(σ² − 1 − log σ²)) with z = z̄ + σε, (z̄, σ) = Enc(y, h) and h = Pred(x): codes are fuzzy balls, and springs hold their centres to the origin.',
    data: { name: settings.data, shape: settings.shapes.y },
    settings: { ...settings },
    measures: learningMeasures(
      history,
      ({ reconstruction, spring, size, meanNorm }) => [
        { name: 'of the energy, reconstruction', value: reconstruction },
        { name: 'KL', value: spring + size, note: 'springs and size of the balls, at strength 1' },
        { name: 'distance of codes from the origin', value: meanNorm, note: 'root of the mean square' },
      ],
      status,
    ),
    tensors: listedTensors('parameters', parameters),
    pictures: pictures.map(({ file, caption }) => ({ file, caption })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nconst { means, deviations } = await model.encode(observations)",
    energia: version,
  })
}
