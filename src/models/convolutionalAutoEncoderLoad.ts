import type { Run } from '../artifacts/runFolder.js'
import { tensorReference } from '../artifacts/validate.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { type RuntimeOptions, runtime } from '../runtime/runtime.js'
import { autoEncoderModel, type ConvolutionalAutoEncoderModel } from './convolutionalAutoEncoderModel.js'
import { validAutoEncoderProgress } from './convolutionalAutoEncoderProgress.js'
import {
  autoEncoderSettings,
  encoderOf,
  geometryOfKernels,
  shapeOfKernels,
} from './convolutionalAutoEncoderSettings.js'
import { readLearning } from './epochProgress.js'
import { finite, storedOf } from './latentVariableTensors.js'

/** The convolutional auto-encoder of a run. Throws FileFormatError where a file is damaged or tensors do not fit the settings. */
export async function loadAutoEncoder(
  run: Run,
  options: { threads?: number; runtime?: RuntimeOptions } = {},
): Promise<ConvolutionalAutoEncoderModel> {
  const settings = run.settings(autoEncoderSettings)
  geometryOfKernels(settings)
  const { tensors } = await run.loadTensors()
  const file = `${run.store.path}/model.safetensors:`
  const shape = shapeOfKernels(settings)
  const kernels = tensorReference(tensors, { dtype: 'F32', shape })('kernels', file)
  return autoEncoderModel({
    settings,
    kernels: { shape, data: finite('kernels', kernels.data, file) },
    parameters: storedOf('encoder', encoderOf(settings).shapes(), tensors, file),
    ...(await readLearning(run, validAutoEncoderProgress)),
    transform: restoreImageStep(settings.transform),
    runtime: await runtime(options.runtime),
    threads: options.threads,
  })
}
