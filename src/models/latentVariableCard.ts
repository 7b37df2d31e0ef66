import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import type { LatentVariableModel } from './latentVariableModel.js'

/** The card (README.md) of a run of a latent-variable model. */
export function latentVariableCard({ settings, parameters, keptCodes, history, status }: LatentVariableModel): string {
  const { energy, definition } = settings
  const last = history.at(-1)
  const own = definition === undefined ? '' : `, { definition }`
  return modelCard({
    title: `An energy with a code of ${energy.shapes.z.join('×')}, learned from ${settings.data}`,
    model: 'latent-variable',
    summary:
      'E(x, y, z) = C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)) with h = Pred(x): an observation y is explained by the code z of least energy.',
    data: { name: settings.data, shape: energy.shapes.y },
    settings: { ...settings },
    measures: last
      ? [
          { name: 'energy an observation', value: last.energy, note: 'mean over the last batches of learning' },
          { name: 'of it, the cost C', value: last.cost },
          ...(energy.regularizer ? [{ name: 'of it, λR', value: last.regularizer }] : []),
          ...(energy.encoder ? [{ name: 'of it, γD', value: last.encoder }] : []),
          ...(last.heldOutEnergy === undefined
            ? []
            : [{ name: 'held-out energy an observation', value: last.heldOutEnergy }]),
          { name: 'observations learned from', value: last.seen, note: 'repetitions counted' },
          { name: 'seconds of learning', value: last.seconds },
          { name: 'learning', value: status },
        ]
      : [],
    tensors: [
      ...Object.entries(parameters).map(([name, { shape }]) => ({ name: `parameters.${name}`, dtype: 'F32', shape })),
      ...(keptCodes ? [{ name: 'codes', dtype: 'F32', shape: keptCodes.shape }] : []),
    ],
    pictures: [],
    javascript: `import { loadModel } from 'energia'\n\nconst model = await loadModel('.'${own})\nconst { codes, energy } = await model.encode(observations)`,
    energia: version,
  })
}
