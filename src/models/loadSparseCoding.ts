import type { Run } from '../artifacts/runFolder.js'
import { tensorReference } from '../artifacts/validate.js'
import { restore } from '../preprocess/restore.js'
import type { Tensor } from '../tensor/tensor.js'
import { readLearning } from './epochProgress.js'
import { validFitProgress } from './fitProgress.js'
import { finite } from './latentVariableTensors.js'
import { type SparseCodingModel, sparseCodingModel } from './sparseCodingModel.js'
import { sparseCodingSettings } from './sparseCodingSettings.js'

/** The sparse-coding model of a run. Throws FileFormatError where a file is damaged or tensors do not fit the settings. */
export async function loadSparseCoding(run: Run, options: { threads?: number } = {}): Promise<SparseCodingModel> {
  const settings = run.settings(sparseCodingSettings)
  const { tensors } = await run.loadTensors()
  const file = `${run.store.path}/model.safetensors:`
  const shape = [settings.atoms, ...settings.observation]
  const atoms = tensorReference(tensors, { dtype: 'F32', shape })('atoms', file)
  const usage = tensorReference(tensors, { dtype: 'F64', shape: [settings.atoms] })('usage', file)
  const preprocess: Record<string, Tensor> = {}
  for (const [name, stored] of Object.entries(tensors)) {
    if (name.startsWith('preprocess.') && stored.dtype === 'F32') {
      preprocess[name.slice('preprocess.'.length)] = { shape: stored.shape, data: finite(name, stored.data, file) }
    }
  }
  const { history } = await readLearning(run, validFitProgress)
  return sparseCodingModel({
    settings,
    atoms: { shape, data: finite('atoms', atoms.data, file) },
    usage: finite('usage', usage.data, file),
    step: restore(settings.preprocess, preprocess),
    history,
    threads: options.threads,
  })
}
