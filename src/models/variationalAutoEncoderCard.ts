import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import type { VariationalModel } from './variationalAutoEncoderModel.js'
import type { RunPicture } from './variationalAutoEncoderPictures.js'

/** The card (README.md) of a run of a variational auto-encoder. */
export function variationalCard(
  { settings, parameters, history, status }: VariationalModel,
  pictures: readonly RunPicture[],
): string {
  const last = history.at(-1)
  return modelCard({
    title: `A variational auto-encoder with codes of ${settings.latent}, learned from ${settings.data}`,
    model: 'variational-auto-encoder',
    summary:
      'F(x, y) = E[−log p(y | Dec(h, z))] + β(spring·½‖z̄‖² + ballSize·½Σ(σ² − 1 − log σ²)) with z = z̄ + σε, (z̄, σ) = Enc(y, h) and h = Pred(x): codes are fuzzy balls, and springs hold their centres to the origin.',
    data: { name: settings.data, shape: settings.shapes.y },
    settings: { ...settings },
    measures: last
      ? [
          { name: 'energy an observation', value: last.energy, note: 'mean over the last batches of learning' },
          { name: 'of it, reconstruction', value: last.reconstruction },
          { name: 'KL', value: last.spring + last.size, note: 'springs and size of the balls, at strength 1' },
          ...(last.heldOutEnergy === undefined
            ? []
            : [{ name: 'held-out energy an observation', value: last.heldOutEnergy }]),
          { name: 'distance of codes from the origin', value: last.meanNorm, note: 'root of the mean square' },
          { name: 'observations learned from', value: last.seen, note: 'repetitions counted' },
          { name: 'seconds of learning', value: last.seconds },
          { name: 'learning', value: status },
        ]
      : [],
    tensors: Object.entries(parameters).map(([name, { shape }]) => ({
      name: `parameters.${name}`,
      dtype: 'F32',
      shape,
    })),
    pictures: pictures.map(({ file, caption }) => ({ file, caption })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nconst { means, deviations } = await model.encode(observations)",
    energia: version,
  })
}
