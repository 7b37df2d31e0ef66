import type { Run } from '../artifacts/runFolder.js'
import { tensorReference } from '../artifacts/validate.js'
import { restoreImageStep } from '../preprocess/restore.js'
import { type ConvolutionalSparseCodingModel, convolutionalModel } from './convolutionalSparseCodingModel.js'
import { validConvolutionalProgress } from './convolutionalSparseCodingProgress.js'
import { convolutionalSettings, geometryOfKernels, shapeOfKernels } from './convolutionalSparseCodingSettings.js'
import { readLearning } from './epochProgress.js'
import { finite } from './latentVariableTensors.js'

/** The convolutional model of a run. Throws FileFormatError where a file is damaged or tensors do not fit the settings. */
export async function loadConvolutional(
  run: Run,
  options: { threads?: number } = {},
): Promise<ConvolutionalSparseCodingModel> {
  const settings = run.settings(convolutionalSettings)
  geometryOfKernels(settings)
  const { tensors } = await run.loadTensors()
  const file = `${run.store.path}/model.safetensors:`
  const shape = shapeOfKernels(settings)
  const kernels = tensorReference(tensors, { dtype: 'F32', shape })('kernels', file)
  const usage = tensorReference(tensors, { dtype: 'F64', shape: [settings.kernels] })('usage', file)
  return convolutionalModel({
    settings,
    kernels: { shape, data: finite('kernels', kernels.data, file) },
    usage: finite('usage', usage.data, file),
    ...(await readLearning(run, validConvolutionalProgress)),
    transform: restoreImageStep(settings.transform),
    threads: options.threads,
  })
}
