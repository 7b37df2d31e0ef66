import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { learningMeasures, listedTensors } from './cardParts.js'
import type { LatentVariableModel } from './latentVariableModel.js'

/** The card (README.md) of a run of a latent-variable model. */
export function latentVariableCard({ settings, parameters, keptCodes, history, status }: LatentVariableModel): string {
  const { energy, definition } = settings
  const own = definition === undefined ? '' : `, { definition }`
  return modelCard({
    title: `An energy with a code of ${energy.shapes.z.join('×')}, learned from ${settings.data}`,
    model: 'latent-variable',
    summary:
      'E(x, y, z) = C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)) with h = Pred(x): an observation y is explained by the code z of least energy.',
    data: { name: settings.data, shape: energy.shapes.y },
    settings: { ...settings },
    measures: learningMeasures(
      history,
      ({ cost, regularizer, encoder }) => [
        { name: 'of the energy, the cost C', value: cost },
        ...(energy.regularizer ? [{ name: 'of the energy, λR', value: regularizer }] : []),
        ...(energy.encoder ? [{ name: 'of the energy, γD', value: encoder }] : []),
      ],
      status,
    ),
    tensors: [
      ...listedTensors('parameters', parameters),
      ...(keptCodes ? [{ name: 'codes', dtype: 'F32', shape: keptCodes.shape }] : []),
    ],
    pictures: [],
    javascript: `import { loadModel } from 'energia'\n\nconst model = await loadModel('.'${own})\nconst { codes, energy } = await model.encode(observations)`,
    energia: version,
  })
}
