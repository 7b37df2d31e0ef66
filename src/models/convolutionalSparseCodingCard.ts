import { modelCard } from '../artifacts/modelCard.js'
import { version } from '../version.js'
import type { ConvolutionalSparseCodingModel } from './convolutionalSparseCodingModel.js'
import { spatialOf } from './convolutionalSparseCodingSettings.js'
import { origin } from './sparseCodingCard.js'

/** The card (README.md) of a run of convolutional sparse coding. */
export function convolutionalCard(model: ConvolutionalSparseCodingModel, pictures: readonly string[]): string {
  const { settings, kernels, usage, history } = model
  const last = history.at(-1)
  const held = history.findLast(({ heldOutEnergy }) => heldOutEnergy !== undefined)?.heldOutEnergy
  const inUse = usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)
  const signals = spatialOf(settings) === 1
  return modelCard({
    title: `${settings.kernels} ${signals ? 'waveforms' : 'kernels'} learned from ${settings.data}`,
    model: model.kind,
    summary: `Convolutional sparse coding, E(Y, Z) = ½‖Y − Σᵢ Kᵢ * Zᵢ‖² + λΣᵢ‖Zᵢ‖₁: ${signals ? 'a signal' : 'an image'} Y of any size is a sum of a few kernels K, each wherever its map Z says.`,
    data: { name: settings.data, shape: kernels.shape.slice(1), ...origin(settings.data) },
    settings: { ...settings },
    measures: [
      ...(last
        ? [
            { name: 'energy an observation', value: last.energy, note: 'mean over the last observations of learning' },
            ...(held === undefined ? [] : [{ name: 'held-out energy an observation', value: held }]),
            { name: 'active coefficients a code', value: last.active },
            { name: 'active share of a code', value: `${(100 * last.activeShare).toPrecision(3)} %` },
            { name: 'kernels replaced', value: last.deadReplaced, note: 'no code used them' },
            { name: 'kernels replaced', value: last.duplicatesReplaced, note: 'another was like them' },
            { name: 'kernels centred', value: last.centred },
            { name: 'observations learned from', value: last.seen, note: 'repetitions counted' },
            { name: 'seconds of learning', value: last.seconds },
          ]
        : []),
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
