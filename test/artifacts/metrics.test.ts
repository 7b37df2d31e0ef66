import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { appendMetrics, cutMetrics, metricsBytes, metricsFile, readMetrics } from '../../src/artifacts/metrics.js'
import { FileFormatError } from '../../src/tensor/errors.js'

const text = (written: string) => ({ [metricsFile]: new TextEncoder().encode(written) })

describe('metrics', () => {
  it('are none before the first', async () => {
    const store = memoryStore('run')
    expect(await readMetrics(store)).toEqual([])
    expect(await metricsBytes(store)).toBe(0)
    await cutMetrics(store, 10)
    expect(await store.list()).toEqual([])
  })

  it('are lines, cut back to where a checkpoint stood', async () => {
    const store = memoryStore('run')
    await appendMetrics(store, { epoch: 0, objective: 17.25, note: 'über' })
    const bytes = await metricsBytes(store)
    await appendMetrics(store, { epoch: 1, objective: Number.NaN })
    expect(await readMetrics(store)).toEqual([
      { epoch: 0, objective: 17.25, note: 'über' },
      { epoch: 1, objective: null },
    ])
    await cutMetrics(store, bytes)
    await appendMetrics(store, { epoch: 1 })
    expect(await readMetrics(store)).toEqual([{ epoch: 0, objective: 17.25, note: 'über' }, { epoch: 1 }])
  })

  it('leave out a line that was being written when the process died', async () => {
    const store = memoryStore('run', text('{"a":1}\n{"a":'))
    expect(await readMetrics(store)).toEqual([{ a: 1 }])
    await cutMetrics(store, 1000)
    await appendMetrics(store, { a: 2 })
    expect(await readMetrics(store)).toEqual([{ a: 1 }, { a: 2 }])
  })

  it.each([
    ['{"a":1}\nx\n', /run\/metrics\.ndjson line 2 is not valid JSON/],
    ['[]\n', /line 1 must be an object/],
    ['{"a":{}}\n', /line 1 must be an object of numbers/],
  ])('refuse %j', async (written, sentence) => {
    await expect(readMetrics(memoryStore('run', text(written)))).rejects.toThrow(FileFormatError)
    await expect(readMetrics(memoryStore('run', text(written)))).rejects.toThrow(sentence)
  })
})
