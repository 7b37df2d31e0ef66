import { parseJson } from '../artifacts/json.js'
import { openRun, type Run } from '../artifacts/runFolder.js'
import type { Store } from '../artifacts/store.js'
import * as valid from '../artifacts/validate.js'
import { FileFormatError } from '../tensor/errors.js'
import { namedError } from '../tensor/namedError.js'
import { checkOptions } from '../tensor/options.js'
import { type LoadClassifierOptions, restoredClassifier } from './classifierRestore.js'
import { classifierSettings } from './classifierSettings.js'
import { type FewLabelsModel, fewLabelsModel } from './fewLabelsModel.js'
import type { FewLabelsResult } from './fewLabelsPlan.js'
import { fewLabelsName, fewLabelsSettings, validResult } from './fewLabelsSettings.js'
import { finite } from './latentVariableTensors.js'

/** The comparison of a run folder. Throws FileFormatError where there is none, it is damaged, or it has not finished. */
export async function loadFewLabels(
  path: string | Store,
  options: LoadClassifierOptions = {},
): Promise<FewLabelsModel> {
  checkOptions('loadFewLabels', options, { threads: true, runtime: true })
  const run = await openRun(path)
  if (run.model !== fewLabelsName) {
    throw new FileFormatError(
      `${run.store.path} holds a run of ${run.model}, and a comparison with few labels was asked for.`,
    )
  }
  try {
    return await fewLabelsOf(run, options)
  } catch (error) {
    throw namedError(error, run.store.path)
  }
}

/** The comparison of a run. */
export async function fewLabelsOf(run: Run, options: LoadClassifierOptions): Promise<FewLabelsModel> {
  const settings = run.settings(fewLabelsSettings)
  const { tensors, metadata } = await run.loadTensors()
  const file = `${run.store.path}/model.safetensors:`
  const form = classifierSettings(parseJson(metadata.classifier ?? '', file), `${file} classifier:`)
  const status = valid.oneOf('finished', 'diverged', 'nonFinite')(metadata.status, `${file} status`)
  const { filters } = tensors
  if (filters?.dtype !== 'F32') throw new FileFormatError(`${file} lacks the tensor "filters".`)
  const results: FewLabelsResult[] = []
  for (const { event, ...metrics } of await run.readMetrics()) {
    if (event === 'result') results.push(validResult(metrics, `${run.store.path}/metrics.ndjson:`))
  }
  return fewLabelsModel({
    settings,
    results,
    filters: { shape: filters.shape, data: finite('filters', filters.data, file) },
    classifier: await restoredClassifier(form, tensors, file, { history: [], status, ...options }),
  })
}
