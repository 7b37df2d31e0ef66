import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import type { SparseCodingModel } from './sparseCodingModel.js'

/** The card (README.md) of a sparse-coding run. */
export function sparseCodingCard(model: SparseCodingModel, pictures: readonly string[]): string {
  const { settings, atoms, usage, history } = model
  const last = history.at(-1)
  const inUse = usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)
  return modelCard({
    title: `${settings.atoms} atoms learned from ${settings.data}`,
    model: 'sparse-coding',
    summary:
      'Sparse coding, E(y, z) = ½‖y − Wz‖² + λR(z): each observation y is a sum of a few atoms, the columns of the dictionary W.',
    data: { name: settings.data, shape: settings.observation, ...(last ? { observations: last.seen } : {}) },
    settings: { ...settings },
    measures: [
      ...(last
        ? [
            { name: 'energy an observation', value: last.energy, note: 'mean over the last batches of learning' },
            ...(last.heldOutEnergy === undefined
              ? []
              : [{ name: 'held-out energy an observation', value: last.heldOutEnergy }]),
            { name: 'active atoms a code', value: last.active },
            { name: 'seconds of learning', value: last.seconds },
          ]
        : []),
      { name: 'atoms in use', value: inUse, note: `of ${settings.atoms}` },
    ],
    tensors: [
      { name: 'atoms', dtype: 'F32', shape: atoms.shape },
      { name: 'usage', dtype: 'F64', shape: [usage.length] },
      ...Object.entries(model.preprocess.tensors).map(([name, { shape }]) => ({
        name: `preprocess.${name}`,
        dtype: 'F32',
        shape,
      })),
    ],
    pictures: pictures.map((file) => ({ file, caption: 'The atoms, most used first; zero is mid-grey.' })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nconst { codes } = await model.encode(observations)",
    energia: version,
  })
}
