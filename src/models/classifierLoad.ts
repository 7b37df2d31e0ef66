import { openRun, type Run } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import { FileFormatError } from '../tensor/errors.js'
import { namedError } from '../tensor/namedError.js'
import { checkOptions } from '../tensor/options.js'
import type { ClassifierModel } from './classifierModel.js'
import { validClassifierProgress } from './classifierProgress.js'
import { type LoadClassifierOptions, restoredClassifier } from './classifierRestore.js'
import { classifierName, classifierSettings } from './classifierSettings.js'
import { readLearning } from './epochProgress.js'
import { fewLabelsOf } from './fewLabelsLoad.js'
import { fewLabelsName } from './fewLabelsSettings.js'

/**
 * The classifier of a run folder: one that was saved, or the one that a comparison with few labels keeps. Throws FileFormatError where
 * there is none, it is damaged, or its learning has not finished.
 */
export async function loadClassifier(
  path: string | Store,
  options: LoadClassifierOptions = {},
): Promise<ClassifierModel> {
  checkOptions('loadClassifier', options, { threads: true, runtime: true })
  const run = await openRun(path)
  if (run.model !== classifierName && run.model !== fewLabelsName) {
    throw new FileFormatError(`${run.store.path} holds a run of ${run.model}, and a classifier was asked for.`)
  }
  try {
    return run.model === fewLabelsName ? (await fewLabelsOf(run, options)).classifier : await classifierOf(run, options)
  } catch (error) {
    throw namedError(error, run.store.path)
  }
}

async function classifierOf(run: Run, options: LoadClassifierOptions): Promise<ClassifierModel> {
  const settings = run.settings(classifierSettings)
  const { tensors } = await run.loadTensors()
  return restoredClassifier(settings, tensors, `${run.store.path}/model.safetensors:`, {
    ...(await readLearning(run, validClassifierProgress)),
    ...options,
  })
}
