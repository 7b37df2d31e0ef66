import type { Run } from '../artifacts/runFolder.js'
import { tensorReference } from '../artifacts/validate.js'
import { restoreEncoder } from '../energy/encoders/restoreEncoder.js'
import { parameterShapes } from '../energy/module.js'
import { restore } from '../preprocess/restore.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import type { Tensor } from '../tensor/tensor.js'
import { readLearning } from './epochProgress.js'
import { finite, storedOf } from './latentVariableTensors.js'
import { type AmortizedKind, type AmortizedModel, amortizedModel } from './listaModel.js'
import { validEncoderProgress } from './listaProgress.js'
import { amortizedSettings } from './listaSettings.js'

/** The model of a finished run of `lista` or `predictiveSparseDecomposition`. Throws FileFormatError where a file is damaged. */
export async function loadAmortized(
  run: Run,
  options: { threads?: number; runtime?: RuntimeOptions } = {},
): Promise<AmortizedModel> {
  const settings = run.settings(amortizedSettings)
  const { tensors } = await run.loadTensors()
  const file = `${run.store.path}/model.safetensors:`
  const shape = [settings.atoms, ...settings.observation]
  const atoms = tensorReference(tensors, { dtype: 'F32', shape })('atoms', file)
  const encoder = restoreEncoder(settings.encoder)
  const preprocess: Record<string, Tensor> = {}
  for (const [name, stored] of Object.entries(tensors)) {
    if (name.startsWith('preprocess.') && stored.dtype === 'F32') {
      preprocess[name.slice('preprocess.'.length)] = { shape: stored.shape, data: finite(name, stored.data, file) }
    }
  }
  const { history, status } = await readLearning(run, validEncoderProgress)
  return amortizedModel({
    kind: run.model as AmortizedKind, // the registry of kinds has looked it up
    settings,
    encoder,
    atoms: { shape, data: finite('atoms', atoms.data, file) },
    parameters: storedOf('encoder', parameterShapes(encoder), tensors, file),
    step: restore(settings.preprocess, preprocess),
    history,
    status,
    runtime: await runtime(options.runtime),
    threads: options.threads,
  })
}
