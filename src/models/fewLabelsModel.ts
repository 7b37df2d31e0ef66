import { svgToPng } from '#views/raster'
import type { Run } from '../artifacts/runFolder.js'
import { storedTensor } from '../artifacts/safetensors.js'
import type { Store } from '../artifacts/store.js'
import type { Tensor } from '../tensor/tensor.js'
import { mosaic } from '../views/mosaic.js'
import { standaloneSvg } from '../views/standaloneSvg.js'
import { toPng } from '../views/toPng.js'
import type { ClassifierModel } from './classifierModel.js'
import { fewLabelsCard } from './fewLabelsCard.js'
import type { FewLabelsResult } from './fewLabelsPlan.js'
import { fewLabelsChart, fewLabelsPage } from './fewLabelsReport.js'
import { type FewLabelsSettings, fewLabelsName } from './fewLabelsSettings.js'
import { type FewLabelsSummary, summarize } from './fewLabelsSummary.js'
import { stored } from './latentVariableTensors.js'
import { saveModel } from './saveModel.js'

/** Classifiers compared with few and many labels: every error that was measured, and one classifier to use. */
export interface FewLabelsModel {
  readonly kind: typeof fewLabelsName
  readonly settings: FewLabelsSettings
  /** One error for each condition, number of labels and repetition. */
  readonly results: readonly FewLabelsResult[]
  /** Mean and spread over repetitions. */
  readonly summary: readonly FewLabelsSummary[]
  /** The filters that were learned without labels, or given. */
  readonly filters: Tensor
  /** The classifier that is kept; see `keep`. Its error on the test is `error`. */
  readonly classifier: ClassifierModel
  readonly error: number
  /** Writes a run folder with results (CSV, JSON), chart, report and the classifier. */
  save(path: string | Store, options?: { readonly overwrite?: boolean }): Promise<void>
  /** Finishes a run that was begun. */
  saveInto(run: Run): Promise<void>
  dispose(): void
}

export function fewLabelsModel(parts: {
  readonly settings: FewLabelsSettings
  readonly results: readonly FewLabelsResult[]
  readonly filters: Tensor
  readonly classifier: ClassifierModel
}): FewLabelsModel {
  const { settings, results, filters, classifier } = parts
  const most = settings.labels[settings.labels.length - 1]
  const kept = results.find(
    ({ condition, labels, seed }) => condition === settings.keep && labels === most && seed === 0,
  )
  const model: FewLabelsModel = {
    kind: fewLabelsName,
    settings,
    results,
    summary: summarize(results, settings.classes.length),
    filters,
    classifier,
    error: kept?.error ?? Number.NaN,

    save: (path, options = {}) =>
      saveModel(path, options, {
        ...{ name: fewLabelsName, settings, history: [] },
        async saveInto(run) {
          for (const result of results) await run.appendMetrics({ event: 'result', ...result })
          await model.saveInto(run)
        },
      }),

    async saveInto(run) {
      const text = (content: string) => new TextEncoder().encode(content)
      const chart = await fewLabelsChart(model.summary)
      const standalone = standaloneSvg(chart)
      await run.savePicture('few-labels.svg', text(standalone))
      await run.savePicture('few-labels.png', await svgToPng(standalone))
      await run.savePicture('filters.png', await toPng(mosaic(filters)))
      await run.savePicture('results.csv', text(resultsCsv(results)))
      await run.savePicture(
        'results.json',
        text(`${JSON.stringify({ settings, results, summary: model.summary }, undefined, 2)}\n`),
      )
      await run.savePicture('report.html', text(await fewLabelsPage(model, chart)))
      await run.saveCard(fewLabelsCard(model))
      const { settings: form, status, parameters } = classifier
      await run.saveTensors(
        { filters: storedTensor(filters.data, [...filters.shape]), ...stored('parameters', parameters) },
        { classifier: JSON.stringify(form), status },
      )
    },

    dispose: () => classifier.dispose(),
  }
  return model
}

/** Results as CSV, one line a classifier. */
function resultsCsv(results: readonly FewLabelsResult[]): string {
  const lines = results.map(({ condition, labels, observations, seed, error }) =>
    [condition, labels, observations, seed, error].join(','),
  )
  return `${['condition,labels_per_class,observations,seed,error', ...lines].join('\n')}\n`
}
