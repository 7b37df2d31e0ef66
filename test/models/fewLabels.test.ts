import { describe, expect, it } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { loadClassifier } from '../../src/models/classifierLoad.js'
import { type FewLabelsOptions, type FewLabelsProgress, fewLabels } from '../../src/models/fewLabels.js'
import { loadFewLabels } from '../../src/models/fewLabelsLoad.js'
import { cellsOf, conditions, type FewLabelsResult, shown, splitByClass } from '../../src/models/fewLabelsPlan.js'
import { findings, summarize } from '../../src/models/fewLabelsSummary.js'
import { CancelledError, ConfigurationError, DataError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'
import { rows } from '../../src/tensor/tensor.js'
import { bars, bitsOf, shareWrong } from './classifierProblems.js'

const data = { ...bars(90, 12, 1), name: 'bars' }
const small: FewLabelsOptions = {
  ...{ labels: [2, 8], seeds: 2, testShare: 0.3, kernels: 4, kernel: 3, pool: 3, unlabelled: 20, filterEpochs: 1 },
  ...{ epochs: 3, leastSteps: 25, learningRate: 0.01, threads: 1, runtime: { threads: 1 } },
}

describe('a comparison with few labels', () => {
  it('measures every condition with every number of labels, and keeps a classifier', async () => {
    const told: FewLabelsProgress[] = []
    const model = await fewLabels(small).fit(data, { onProgress: (progress) => told.push(progress) })
    expect(model.results).toHaveLength(2 * 2 * 5)
    expect(new Set(model.results.map(({ condition }) => condition))).toEqual(new Set(conditions))
    expect(model.summary.find(({ condition, labels }) => condition === 'fine-tuned' && labels === 8)).toMatchObject({
      ...{ seeds: 2, perClass: 8 },
    })
    for (const { labels, observations, error } of model.results) {
      expect(observations).toBe(3 * (labels as number))
      expect(error).toBeGreaterThanOrEqual(0)
      expect(error).toBeLessThanOrEqual(1)
    }
    const many = model.summary.filter(({ labels, condition }) => labels === 8 && condition !== 'codes')
    for (const { mean } of many) expect(mean).toBeLessThan(0.4)
    const { classifier, settings } = model
    expect(settings).toMatchObject({ keep: 'fine-tuned', poolSize: 63, testSize: 27 })
    expect(classifier.settings).toMatchObject({ observations: 24, frozen: false, filters: 'given' })
    const { test } = splitByClass(data.labels, ['0', '1', '2'], 0.3, 0)
    const { predicted } = await classifier.classify(data.observations)
    const tested = Array.from(test, (row) => [predicted[row], data.labels[row]])
    expect(
      shareWrong(
        tested.map(([p]) => p),
        tested.map(([, l]) => l),
      ),
    ).toBe(model.error)
    expect(told.map(({ fraction }) => fraction)).toEqual(told.map(({ fraction }) => fraction).toSorted((a, b) => a - b))
    expect(told.at(-1)).toMatchObject({ done: 20, total: 20, fraction: 1, condition: 'fine-tuned', labels: 8, seed: 0 })
    expect(new Set(told.map(({ stage }) => stage))).toEqual(new Set(['filters', 'codes', 'classifiers']))
    model.dispose()
  })

  it('goes on to the same results where it was stopped, and is read back', async () => {
    const comparison = fewLabels({ ...small, seeds: 1, conditions: ['random', 'frozen', 'codes', 'fine-tuned'] })
    const whole = await comparison.fit(data)
    const run = memoryStore('run')
    const stop = new AbortController()
    const stopped = comparison.fit(data, {
      ...{ run, signal: stop.signal },
      onProgress: ({ done, error }) => {
        if (done === 3 && error !== undefined) stop.abort()
      },
    })
    await expect(stopped).rejects.toThrow(CancelledError)
    await expect(stopped).rejects.toThrow(/after 3 of 8 classifiers/)
    expect(await run.exists(checkpointFile)).toBe(true)
    await expect(comparison.fit({ ...bars(90, 12, 5), name: 'bars' }, { run, resume: true })).rejects.toThrow(
      /other data/,
    )
    await expect(fewLabels({ ...small, seeds: 3 }).fit(data, { run, resume: true })).rejects.toThrow(FileFormatError)
    const told: FewLabelsProgress[] = []
    const resumed = await comparison.fit(data, { run, resume: true, onProgress: (progress) => told.push(progress) })
    expect(told.some(({ stage }) => stage === 'filters')).toBe(false)
    expect(told.find(({ stage }) => stage === 'classifiers')?.done).toBe(3)
    expect(resumed.results).toEqual(whole.results)
    expect(bitsOf(resumed.classifier.parameters)).toEqual(bitsOf(whole.classifier.parameters))
    expect(bitsOf({ filters: resumed.filters })).toEqual(bitsOf({ filters: whole.filters }))
    const files = ['README.md', 'config.json', 'few-labels.png', 'few-labels.svg', 'filters.png', 'metrics.ndjson']
    expect((await run.list()).sort()).toEqual(
      [...files, 'model.safetensors', 'report.html', 'results.csv', 'results.json'].sort(),
    )
    const loaded = await loadFewLabels(run, { runtime: { threads: 1 } })
    expect(loaded.results).toEqual(whole.results)
    expect(loaded.error).toBe(whole.error)
    const classifier = await loadClassifier(run, { runtime: { threads: 1 } })
    expect([...(await classifier.classify(rows(data.observations, 0, 9))).probabilities.data]).toEqual([
      ...(await whole.classifier.classify(rows(data.observations, 0, 9))).probabilities.data,
    ])
    const csv = new TextDecoder().decode(await run.read('results.csv')).split('\n')
    expect(csv[0]).toBe('condition,labels_per_class,observations,seed,error')
    expect(csv).toHaveLength(8 + 2)
    const page = new TextDecoder().decode(await run.read('report.html'))
    expect(page).toContain('unsupervised, fine-tuned, 8 labels a class')
    for (const model of [whole, resumed, loaded, classifier]) model.dispose()
  })

  it('takes given filters, all labels and test data', async () => {
    const filters = { shape: [3, 3, 3], data: Float32Array.from({ length: 27 }, (_, i) => ((i * 7) % 5) - 2) }
    const { kernels: _, kernel: __, unlabelled: ___, filterEpochs: ____, ...rest } = small
    const model = await fewLabels({ ...rest, filters, labels: ['all', 3], seeds: 1, conditions: ['frozen'] }).fit(
      data,
      { test: bars(30, 12, 9) },
    )
    expect(model.results.map(({ labels, observations }) => [labels, observations])).toEqual([
      [3, 9],
      ['all', 90],
    ])
    expect(model.settings).toMatchObject({ keep: 'frozen', filters: { kind: 'given' }, kernels: 3, testSize: 30 })
    model.dispose()
  })

  it('says what cannot be compared', async () => {
    expect(() => fewLabels({ conditions: ['codes'] })).toThrow(/compare one of random/)
    expect(() => fewLabels({ conditions: ['random'], keep: 'frozen' })).toThrow(/keep one of random, not frozen/)
    expect(() => fewLabels({ conditions: ['codes'], keep: 'frozen' })).toThrow(/compare one of random, random-frozen/)
    expect(() => fewLabels({ conditions: ['magic' as 'random'] })).toThrow(/no condition "magic"/)
    expect(() => fewLabels({ testShare: 1 })).toThrow(/testShare/)
    expect(() => fewLabels({ lambda: 0 })).toThrow(/lambda/)
    expect(() => fewLabels({ filters: { shape: [1, 3, 3], data: new Float32Array(9) }, kernels: 3 })).toThrow(
      'leave kernels out',
    )
    expect(() => fewLabels({ label: [1] } as never)).toThrow(/did you mean labels/)
    const tried = (labels: FewLabelsOptions['labels']) => fewLabels({ ...small, labels: labels! }).fit(data)
    await expect(tried([])).rejects.toThrow(ConfigurationError)
    await expect(tried([1, 1])).rejects.toThrow(/each once/)
    await expect(tried([0.5])).rejects.toThrow(/whole numbers of 1 or more/)
    await expect(tried([22])).rejects.toThrow(/has 21 observations to learn from, fewer than the 22 labels/)
    const lonely = { observations: rows(data.observations, 0, 4), labels: [0, 0, 1, 2] }
    await expect(fewLabels(small).fit(lonely)).rejects.toThrow(/Class 1 has 1 observation/)
    await expect(fewLabels(small).fit(data, { test: bars(9, 10, 1) })).rejects.toThrow(ShapeError)
    await expect(fewLabels(small).fit(data, { test: { ...bars(9, 12, 1), labels: Array(9).fill(4) } })).rejects.toThrow(
      DataError,
    )
    await expect(fewLabels(small).fit(data, { test: { ...bars(9, 12, 1), classes: ['a', 'b', 'c'] } })).rejects.toThrow(
      /classes a, b, c/,
    )
  })
})

describe('what is drawn', () => {
  const members = [
    [0, 2, 4, 6],
    [1, 3, 5, 7],
  ]
  it('is nested, the same for the same seed, and of each class', () => {
    const [two, three] = [2, 3].map((labels) => [...shown(members, labels, 5)])
    expect(two.filter((row) => row % 2 === 0)).toHaveLength(2)
    for (const row of two) expect(three).toContain(row)
    expect([...shown(members, 2, 5)]).toEqual(two)
    expect([...shown(members, 'all', 5)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('is never tested', () => {
    const labels = [0, 0, 0, 0, 0, 1, 1]
    const { pool, test } = splitByClass(labels, ['a', 'b'], 0.4, 1)
    expect([...pool, ...test].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(Array.from(test, (row) => labels[row])).toEqual([0, 0, 1])
  })

  it('ends with what is kept', () => {
    const cells = cellsOf([1, 'all'], 2, ['random', 'frozen'], 'frozen')
    expect(cells).toHaveLength(8)
    expect(cells.at(-1)).toEqual({ labels: 'all', seed: 0, condition: 'frozen' })
  })
})

describe('findings', () => {
  const results = (
    errors: Readonly<Record<string, readonly number[]>>,
    labels: FewLabelsResult['labels'],
    observations: number,
  ) =>
    Object.entries(errors).flatMap(([condition, each]) =>
      each.map((error, seed) => ({ condition: condition as 'random', labels, observations, seed, error })),
    )
  const few = results({ random: [0.5, 0.52, 0.54], 'fine-tuned': [0.4, 0.42, 0.44] }, 1, 10)
  const many = results({ random: [0.01, 0.012, 0.011], 'fine-tuned': [0.012, 0.01, 0.011] }, 1000, 10_000)

  it('hold where few labels gain and many do not', () => {
    const { holds, sentences } = findings([...few, ...many], 10)
    expect(holds).toBe(true)
    expect(sentences.join(' ')).toMatch(
      /with 1 label a class 10 fewer ± 0; with 1\u202f000 labels a class as many ± 0\.5/,
    )
    expect(sentences.at(-1)).toBe('The gain is sure with 1 label a class, and with the others it is not.')
  })

  it('do not hold where many labels gain too, or none does', () => {
    const gaining = results({ random: [0.02, 0.022, 0.021], 'fine-tuned': [0.01, 0.012, 0.011] }, 1000, 10_000)
    expect(findings([...few, ...gaining], 10).holds).toBe(false)
    expect(findings(many, 10)).toMatchObject({
      holds: false,
      sentences: expect.arrayContaining([expect.stringMatching(/None of these/)]),
    })
  })

  it('name no condition as the best that is only as good as others', () => {
    const alike = (errors: Readonly<Record<string, readonly number[]>>) =>
      findings(results(errors, 3, 30), 10).sentences[0]
    expect(alike({ random: [0, 0], 'fine-tuned': [0, 0] })).toMatch(
      /^Fewest errors with 3 labels all conditions alike \(0\s%\)\.$/,
    )
    expect(alike({ random: [0.1, 0.3], frozen: [0.1, 0.3], 'fine-tuned': [0.4, 0.4] })).toMatch(
      /3 labels random filters, learned and unsupervised filters, frozen \(20\s%\)/,
    )
  })

  it('say so where nothing tells', () => {
    expect(
      findings(
        few.filter(({ seed }) => seed === 0),
        10,
      ).holds,
    ).toBeUndefined()
    expect(
      findings(
        few.filter(({ condition }) => condition === 'random'),
        10,
      ).holds,
    ).toBeUndefined()
  })

  it('summarize means and deviations', () => {
    expect(summarize(few, 10)[0]).toMatchObject({ condition: 'random', labels: 1, perClass: 1, seeds: 3 })
    expect(summarize(few, 10)[0].mean).toBeCloseTo(0.52, 12)
    expect(summarize(few, 10)[0].deviation).toBeCloseTo(0.02, 12)
  })
})
