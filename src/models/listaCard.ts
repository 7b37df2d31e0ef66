import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { listedTensors } from './cardParts.js'
import type { AmortizedModel } from './listaModel.js'

/** The card (README.md) of a run of `lista` or `predictiveSparseDecomposition`. */
export function amortizedCard(model: AmortizedModel, pictures: readonly string[]): string {
  const { kind, settings, atoms, parameters, history, preprocess } = model
  const joint = settings.objective.kind === 'joint'
  const last = history.at(-1)
  const compared = history.findLast(({ squaredError }) => squaredError !== undefined)
  return modelCard({
    title: `An encoder (${settings.encoder.kind}) for ${settings.atoms} atoms, learned from ${settings.data}`,
    model: kind,
    summary: joint
      ? 'Predictive sparse decomposition, E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ + ½γ‖z − Enc(y)‖²: dictionary W and encoder are learned together, so that the encoder predicts the code of least energy.'
      : 'An encoder that predicts the code of least energy of sparse coding, E(y, z) = ½‖y − Wz‖² + λ‖z‖₁, in a fixed number of steps.',
    data: { name: settings.data, shape: settings.observation },
    settings: { ...settings },
    measures: [
      ...(last
        ? [
            { name: 'loss an observation', value: last.loss, note: 'mean over the last batches of learning' },
            { name: 'steps of learning', value: last.step },
            { name: 'seconds of learning', value: last.seconds },
          ]
        : []),
      ...(compared?.squaredError !== undefined && compared.energyGap !== undefined
        ? [
            { name: 'squared error of held-out codes', value: compared.squaredError, note: 'mean over their numbers' },
            { name: 'energy gap of held-out codes', value: compared.energyGap, note: 'mean over observations' },
          ]
        : []),
    ],
    tensors: [
      { name: 'atoms', dtype: 'F32', shape: atoms.shape },
      ...listedTensors('encoder', parameters),
      ...listedTensors('preprocess', preprocess.tensors),
    ],
    pictures: pictures.map((file) => ({ file, caption: 'The atoms; zero is mid-grey.' })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nconst { codes, gap } = await model.encode(observations)",
    energia: version,
  })
}
