import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import { learningMeasures } from './cardParts.js'
import type { ConvolutionalSparseCodingModel } from './convolutionalSparseCodingModel.js'
import { spatialOf } from './convolutionalSparseCodingSettings.js'
import { origin } from './sparseCodingCard.js'

/** The card (README.md) of a run of convolutional sparse coding. */
export function convolutionalCard(model: ConvolutionalSparseCodingModel, pictures: readonly string[]): string {
  const { settings, kernels, usage, history, status } = model
  const inUse = usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)
  const signals = spatialOf(settings) === 1
  return modelCard({
    title: `${settings.kernels} ${signals ? 'waveforms' : 'kernels'} learned from ${settings.data}`,
    model: model.kind,
    summary: `Convolutional sparse coding, E(Y, Z) = ½‖Y − Σᵢ Kᵢ * Zᵢ‖² + λΣᵢ‖Zᵢ‖₁: ${signals ? 'a signal' : 'an image'} Y of any size is a sum of a few kernels K, each wherever its map Z says.`,
    data: { name: settings.data, shape: kernels.shape.slice(1), ...origin(settings.data) },
    settings: { ...settings },
    measures: [
      ...learningMeasures(
        history,
        ({ active, activeShare, deadReplaced, duplicatesReplaced, centred }) => [
          { name: 'active coefficients a code', value: active },
          { name: 'active share of a code', value: `${(100 * activeShare).toPrecision(3)} %` },
          { name: 'kernels replaced', value: deadReplaced, note: 'no code used them' },
          { name: 'kernels replaced', value: duplicatesReplaced, note: 'another was like them' },
          { name: 'kernels centred', value: centred, note: 'moved back to their middle' },
        ],
        status,
      ),
      { name: 'kernels in use', value: inUse, note: `of ${settings.kernels}` },
    ],
    tensors: [
      { name: 'kernels', dtype: 'F32', shape: kernels.shape },
      { name: 'usage', dtype: 'F64', shape: [usage.length] },
    ],
    pictures: pictures.map((file) => ({
      file,
      caption: signals ? 'The kernels, most used first.' : 'The kernels, most used first; zero is mid-grey.',
    })),
    javascript:
      "import { loadModel } from 'energia'\n\nconst model = await loadModel('.')\nfor await (const { name, inference } of model.encodeEach(images)) console.log(name, inference.energy[0])",
    energia: version,
  })
}
