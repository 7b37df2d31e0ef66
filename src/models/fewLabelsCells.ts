import { membersOf } from '../data/labelled.js'
import { ConvergenceError } from '../tensor/errors.js'
import { type Tensor, takeRows } from '../tensor/tensor.js'
import type { ClassifierModel } from './classifierModel.js'
import { convolutionalClassifier } from './convolutionalClassifier.js'
import type { ResolvedFewLabels } from './fewLabels.js'
import type { FewLabelsParts } from './fewLabelsFit.js'
import { type Cell, conditionNames, type FewLabelsResult, shown } from './fewLabelsPlan.js'
import { linearClassifier } from './linearClassifier.js'
import { PooledCodes } from './pooledCodes.js'

/** What has been prepared once for all classifiers. */
export interface PreparedImages {
  /** Images to learn from and to test on, with the transform done. */
  readonly pool: Tensor
  readonly test: Tensor
  /** Filters learned without labels. */
  readonly filters: Tensor
  readonly signal: AbortSignal | undefined
}

type Told = (stage: 'codes' | 'classifiers', done: number, total: number) => void

/** Learns and measures one classifier after another. Owns an encoder until disposed. */
export class CellLearner {
  private readonly members: readonly (readonly number[])[]

  private constructor(
    private readonly options: ResolvedFewLabels,
    private readonly parts: FewLabelsParts,
    private readonly images: PreparedImages,
    private readonly codes: PooledCodes | undefined,
  ) {
    this.members = membersOf(parts.pool.labels, parts.pool.classes.length)
  }

  static async start(options: ResolvedFewLabels, parts: FewLabelsParts, images: PreparedImages): Promise<CellLearner> {
    const [, height, width] = images.pool.shape
    const { pool, lambda, training } = options
    const cells = Math.max(1, Math.floor((Math.min(height, width) - images.filters.shape[1] + 1) / pool))
    const codes = options.conditions.includes('codes')
      ? await PooledCodes.start({ kernels: images.filters, lambda, cells, threads: training.threads })
      : undefined
    return new CellLearner(options, parts, images, codes)
  }

  /** The error of a cell's classifier, and where it is to be kept the classifier, which then does the transform itself. */
  async learn(
    cell: Cell,
    keep: boolean,
    told: Told,
  ): Promise<{ readonly result: FewLabelsResult; readonly classifier?: ClassifierModel }> {
    const { pool: labelled } = this.parts
    const rows = shown(this.members, cell.labels, this.seedOf(cell))
    const labels = Uint32Array.from(rows, (row) => labelled.labels[row])
    const { signal } = this.images
    const stops = signal ? { signal } : {}
    const { observations, tested, classifier } = await this.prepared(cell, rows, keep, told)
    const model = await classifier.fit(
      { observations, labels, classes: labelled.classes, name: labelled.name },
      { ...stops, onProgress: ({ fraction }) => told('classifiers', 0.9 * fraction, 1) },
    )
    if (model.status !== 'finished') {
      model.dispose()
      throw new ConvergenceError(
        `The loss of "${conditionNames[cell.condition]}" with ${cell.labels} labels a class, or its gradient, is no finite number any more. Lower the learning rate, or look for values in the data that are far too large.`,
      )
    }
    const { predicted } = await model.classify(tested, stops)
    const wrong = predicted.reduce((sum, label, i) => sum + (label === this.parts.test.labels[i] ? 0 : 1), 0)
    const result = { ...cell, observations: rows.length, error: wrong / predicted.length }
    if (keep) return { result, classifier: model }
    model.dispose()
    return { result }
  }

  dispose(): void {
    this.codes?.dispose()
  }

  /** Every repetition's own seed, and none of a comparison with another seed. */
  private seedOf({ seed }: Cell): number {
    return (this.options.training.seed * 65_537 + seed) % 2 ** 32
  }

  private async prepared(cell: Cell, rows: Uint32Array, keep: boolean, told: Told) {
    const { threads, ...training } = this.options.training
    const { kernels, kernel, pool: size, transform } = this.options
    const { pool, test, filters, signal } = this.images
    const choices = { ...training, ...(threads === undefined ? {} : { threads }), seed: this.seedOf(cell) }
    if (cell.condition === 'codes' && this.codes) {
      const total = rows.length + test.shape[0]
      const observations = await this.codes.features(pool, rows, signal, (done) => told('codes', done, total))
      const all = Uint32Array.from({ length: test.shape[0] }, (_, i) => i)
      const tested = await this.codes.features(test, all, signal, (done) => told('codes', rows.length + done, total))
      return { observations, tested, classifier: linearClassifier(choices) }
    }
    const learned = cell.condition === 'frozen' || cell.condition === 'fine-tuned'
    const classifier = convolutionalClassifier({
      ...choices,
      ...(learned ? { filters } : { channels: kernels, kernel }),
      frozen: cell.condition === 'frozen' || cell.condition === 'random-frozen',
      pool: size,
      transform: keep ? transform : [],
    })
    const from = keep ? this.parts : { pool: { observations: pool }, test: { observations: test } }
    return { observations: takeRows(from.pool.observations, rows), tested: from.test.observations, classifier }
  }
}
