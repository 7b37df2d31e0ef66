import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { createRun } from '../../src/artifacts/runFolder.js'
import { storedTensor } from '../../src/artifacts/safetensors.js'
import { object } from '../../src/artifacts/validate.js'
import type { EpochLearner, StepContext } from '../../src/models/epochLearner.js'
import { type EpochProgress, epochProgressFields } from '../../src/models/epochProgress.js'
import { type EpochFitOptions, EpochSession } from '../../src/models/epochSession.js'
import { CancelledError, ConvergenceError, DataError } from '../../src/tensor/errors.js'

/** Batches of ten numbers, 0 to 34, each epoch counted on from the one before. */
const source = {
  name: 'numbers',
  count: 35,
  async *batches({ batchSize, epoch = 0, skip = 0 }: { batchSize: number; epoch?: number; skip?: number }) {
    for (let from = skip * batchSize; from < 35; from += batchSize) {
      yield Array.from({ length: Math.min(batchSize, 35 - from) }, (_, i) => 35 * epoch + from + i)
    }
  },
}

/** Learns four numbers a step, and remembers all. */
class Memory implements EpochLearner<number[], never> {
  seen: number[] = []
  steps = 0
  overshoots = true
  contexts: StepContext[] = []
  constructor(private readonly act: (step: number) => 'ok' | 'nonFinite' | 'lost' | 'interrupted' = () => 'ok') {}

  async learn(batch: number[], context: StepContext) {
    this.contexts.push(context)
    const status = this.act(this.steps)
    if (status === 'interrupted') return undefined
    const part = batch.slice(context.row, context.row + 4)
    if (status === 'ok') {
      this.seen.push(...part)
      this.steps++
    }
    const energy = part.reduce((sum, value) => sum + value, 0) / part.length
    const more = context.row + 4 < batch.length
    if (status === 'lost')
      return { status: 'nonFinite' as const, rows: part.length, energy: Number.NaN, terms: {}, more }
    return { status, rows: part.length, energy, terms: {}, more }
  }

  state() {
    return { seen: storedTensor(Float64Array.from(this.seen)) }
  }

  restore(tensors: Readonly<Record<string, { data: ArrayLike<number | bigint> }>>, { steps }: { steps: number }) {
    this.seen = Array.from(tensors.seen.data, Number)
    this.steps = steps
  }
}

type Options = EpochFitOptions<EpochProgress, object> & { steps?: number; energies?: number[] }

async function session(learner: Memory, { steps, energies, ...fit }: Options = {}) {
  const place = fit.run === undefined ? undefined : await createRun(fit.run, fit)
  const made = new EpochSession({
    model: 'memory',
    settings: { batchSize: 10, seed: 0 },
    fit,
    place,
    learner,
    terms: [],
    report: (common: EpochProgress, _, measured?: { heldOutEnergy: number }) => ({ ...common, ...measured }),
    validProgress: object(epochProgressFields),
    ...(steps === undefined ? {} : { steps }),
    ...(energies ? { evaluate: async () => ({ heldOutEnergy: energies.shift() ?? 0 }) } : {}),
  })
  await made.restore()
  return made
}

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i)

describe('a session of learning', () => {
  it('gives each observation once an epoch, in steps that take a part of a batch', async () => {
    const learner = new Memory()
    const made = await session(learner, { epochs: 2 })
    await made.learn(source)
    expect(learner.seen).toEqual(upTo(70))
    expect(learner.steps).toBe(2 * (3 * 3 + 2))
    expect(learner.contexts.map(({ row }) => row).slice(0, 5)).toEqual([0, 4, 8, 0, 4])
    expect(learner.contexts[0].firstEnergy).toBe(null)
    expect(learner.contexts[21].firstEnergy).toBe(1.5)
    expect(made.history.at(-1)).toMatchObject({ epoch: 2, epochs: 2, seen: 70, step: 22, fraction: 1 })
    // All of an epoch's observations count alike in what it reports, whatever the sizes of its steps.
    const [first, second] = made.history
    expect([first.energy, second.energy]).toEqual([17, 52])
  })

  it('goes on inside of a batch where it was interrupted there', async () => {
    const run = memoryStore('run')
    for (const steps of [1, 4, 13]) {
      const stop = new AbortController()
      const learner = new Memory((step) => {
        if (step < steps) return 'ok'
        stop.abort()
        return 'interrupted'
      })
      const stopped = await session(learner, { epochs: 2, run, resume: true, signal: stop.signal })
      await expect(stopped.learn(source)).rejects.toThrow(CancelledError)
      expect(learner.steps).toBe(steps)
    }
    const learner = new Memory()
    const made = await session(learner, { epochs: 2, run, resume: true })
    await made.learn(source)
    expect(learner.seen).toEqual(upTo(70))
    expect(learner.contexts[0].firstEnergy).toBe(1.5)
    expect(learner.contexts[0].fresh).toBe(true)
  })

  it('reports the same energies where it was interrupted before a report', async () => {
    const cut = {
      ...source,
      async *batches(pass: { batchSize: number }) {
        yield* source.batches(pass)
        throw new Error('the cable was pulled')
      },
    }
    const run = memoryStore('run')
    const killed = await session(new Memory(), { epochs: 1, run, checkpointSeconds: 0 })
    await expect(killed.learn(cut)).rejects.toThrow('the cable was pulled')
    const made = await session(new Memory(), { epochs: 1, run, resume: true })
    await made.learn(source)
    expect(made.history).toMatchObject([{ epoch: 1, seen: 35, energy: 17 }])
  })

  it('counts steps where it is to, over as many epochs as they take, and measures at each tenth', async () => {
    const learner = new Memory()
    const made = await session(learner, { steps: 40, energies: upTo(20) })
    await made.learn(source)
    expect(learner.steps).toBe(40)
    const measured = made.history.filter(({ heldOutEnergy }) => heldOutEnergy !== undefined)
    expect(measured.map(({ step }) => step)).toEqual([4, 8, 12, 16, 20, 24, 28, 32, 36, 40])
    expect(made.history.at(-1)?.fraction).toBe(1)
  })

  it('stops where held-out energies have not improved for as long as patience lasts', async () => {
    const made = await session(new Memory(), { epochs: 9, patience: 2, energies: [3, 2, 1.9999, 2.5, 1, 0] })
    await made.learn(source)
    expect(made.history.map(({ heldOutEnergy }) => heldOutEnergy)).toEqual([3, 2, 1.9999, 2.5])
  })

  it('keeps what it had where a step fails, and makes no run of nothing', async () => {
    const late = await session(new Memory((step) => (step === 5 ? 'nonFinite' : 'ok')))
    await late.learn(source)
    expect(late.status).toBe('nonFinite')
    const run = memoryStore('run')
    const never = await session(new Memory(() => 'nonFinite'), { run })
    await expect(never.learn(source)).rejects.toThrow(ConvergenceError)
    expect(run.files()).toEqual({})
  })

  it('goes back to its checkpoint where a step has led to parameters at which there is no number', async () => {
    const run = memoryStore('run')
    const stop = new AbortController()
    const begun = await session(
      new Memory((step) => {
        if (step === 4) stop.abort()
        return step < 4 ? 'ok' : 'interrupted'
      }),
      { run, signal: stop.signal },
    )
    await expect(begun.learn(source)).rejects.toThrow(CancelledError)
    const learner = new Memory((step) => (step < 7 ? 'ok' : 'lost'))
    const made = await session(learner, { run, resume: true })
    await made.learn(source)
    expect(made.status).toBe('nonFinite')
    expect([learner.steps, learner.seen]).toEqual([4, upTo(14)])
    await made.finish(async () => {})
    const lines = new TextDecoder().decode(run.files()['metrics.ndjson']).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).event).at(-1)).toBe('end')
    expect(lines.some((line) => JSON.parse(line).seen > 14)).toBe(false)
  })

  it('says so where there is no checkpoint from before, or that is of the same parameters', async () => {
    const act = (step: number) => (step < 7 ? 'ok' : 'lost')
    const run = memoryStore('run')
    const without = await session(new Memory(act), { run })
    await expect(without.learn(source)).rejects.toThrow(/after 7 steps: nothing was learned, and no run is written\./)
    expect(run.files()).toEqual({})
    const late = await session(new Memory(act), { run, checkpointSeconds: 0 })
    await expect(late.learn(source)).rejects.toThrow(
      /after 7 steps: nothing was learned, and the run cannot be finished/,
    )
  })

  it('says that a source is empty', async () => {
    const made = await session(new Memory())
    await expect(made.learn({ ...source, async *batches() {} })).rejects.toThrow(DataError)
  })
})
