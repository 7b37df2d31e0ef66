import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { decodeResult, encodeResult } from '../../src/lecture/keptResult.js'
import { claim, halves, learned, mean, type SectionContext, type SectionResult } from '../../src/lecture/section.js'
import { sectionNames, sections, sectionsOf } from '../../src/lecture/sections.js'
import { systems } from '../../src/lecture/systems.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-section-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('sections of the lecture', () => {
  it('stand in the order of the systems, each name once', () => {
    const firsts = sections.map(({ systems: [first] }) => first)
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
    expect(new Set(sectionNames).size).toBe(sections.length)
    for (const { systems: numbers } of sections) for (const number of numbers) expect(systems[number]).toBeDefined()
  })

  it('are asked for by name or by the number of a system', () => {
    const names = (only: string[]) => sectionsOf(only).map(({ name }) => name)
    expect(names(['balls', 'landscape'])).toEqual(['landscape', 'balls'])
    expect(names(['16'])).toEqual(['balls'])
    expect(names(['1'])).toEqual(['landscape', 'completions'])
    for (const wrong of [['stroke'], ['18'], []]) expect(() => sectionsOf(wrong)).toThrow(ConfigurationError)
    expect(() => sectionsOf(['18'])).toThrow(/"18".*strokes.*1 to 17/)
  })

  it('say whether their claims hold', () => {
    const held = claim(7, 'Water is wet.', true, 'it was.')
    expect(held).toEqual({ number: 7, title: 'LISTA', said: 'Water is wet.', holds: true, measured: 'it was.' })
  })

  it('cut pictures in an upper and a lower part', () => {
    const { x, y } = halves({ shape: [2, 3, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6) }, 1)
    expect(x).toEqual({ shape: [2, 1, 1], data: Float32Array.of(1, 4) })
    expect(y).toEqual({ shape: [2, 2, 1], data: Float32Array.of(2, 3, 5, 6) })
    expect([mean([1, 2, 6]), mean([])]).toEqual([3, 0])
  })
})

describe('a finished section', () => {
  const picture = { width: 2, height: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const
  const result: SectionResult = {
    reduced: 'Less.',
    pictures: { 'a.png': picture, 'b.png': { ...picture } },
    charts: { 'c.svg': '<svg/>' },
    section: {
      heading: 'Water',
      claims: [claim(1, 'a', false, 'b')],
      figures: [
        { picture, caption: 'a', alt: 'a' },
        { svg: '<svg/>', caption: 'c', alt: 'c', width: 'full' },
      ],
      numbers: [{ label: 'x', value: 0.1 }],
    },
  }

  it('comes back from its file as it was', () => {
    expect(decodeResult(encodeResult({ result, seconds: 1.5 }), 'here')).toEqual({ result, seconds: 1.5 })
  })

  it('shows nothing that it does not hold, and says where a file is damaged', () => {
    const wrong = { ...result, pictures: {} }
    expect(() => encodeResult({ result: wrong, seconds: 1 })).toThrow(/"a" is none of its section's pictures/)
    const bytes = encodeResult({ result, seconds: 1 })
    expect(() => decodeResult(bytes.subarray(0, bytes.length - 3), 'here')).toThrow(FileFormatError)
  })
})

describe('models of the lecture', () => {
  const random = rng(3)
  const data = { shape: [64, 6], data: Float32Array.from({ length: 384 }, () => random.normal()) }
  const contextOf = (out: string, progress = memoryStore('progress')): SectionContext => ({
    ...{ name: 'strokes', out, full: false, seed: 0, threads: 1, signal: undefined },
    ...{ progress, say: () => {} },
  })
  let fits = 0
  const made = (context: SectionContext, variant?: string) =>
    learned(
      context,
      'sparse-coding',
      (run) => {
        fits++
        return sparseCoding({ atoms: 4, lambda: 0.1, batchSize: 16, threads: 1 }).fit(data, { epochs: 2, ...run })
      },
      variant,
    )

  it('are learned once a lecture, and loaded where it goes on', async () => {
    const context = contextOf(join(folder, 'one'))
    const first = await made(context, 'small')
    const again = await made(context, 'small')
    expect(fits).toBe(1)
    expect(again.atoms).toEqual(first.atoms)
    expect(again.history).toEqual(first.history)
    await made(contextOf(context.out), 'small') // another lecture in the same folder
    expect(fits).toBe(2)
    first.dispose()
    again.dispose()
  })

  it('go on from their checkpoints', async () => {
    const whole = await made(contextOf(join(folder, 'whole')))
    const stop = new AbortController()
    const context = { ...contextOf(join(folder, 'stopped')), signal: stop.signal }
    const interrupted = learned(context, 'sparse-coding', (run) =>
      sparseCoding({ atoms: 4, lambda: 0.1, batchSize: 16, threads: 1 }).fit(data, {
        epochs: 2,
        ...run,
        onProgress: () => stop.abort(),
      }),
    )
    await expect(interrupted).rejects.toThrow(/stopped/)
    const resumed = await made({ ...context, signal: undefined })
    expect(resumed.atoms).toEqual(whole.atoms)
    expect(resumed.history.at(-1)?.step).toBe(8)
  })
})
