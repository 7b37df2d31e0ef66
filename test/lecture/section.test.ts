import { describe, expect, it } from 'vitest'
import { sections } from '../../cli/commands/lecture.js'
import { sectionNames } from '../../src/lecture/lecture.js'
import { claim, halves, mean, runOptions } from '../../src/lecture/section.js'

const context = { out: 'page', seed: 0, threads: undefined, signal: undefined, say: () => {} }

describe('sections of the lecture', () => {
  it('are those that the command line offers, in one order', () => {
    expect(sections).toEqual(sectionNames)
  })

  it('say whether their claim holds', () => {
    const held = claim('water is wet.', true, 'it was.')
    expect(held.sentence).toBe('Claim: water is wet. Measured here, it holds: it was.')
    expect(held.number).toEqual({ label: 'The claim', value: 'holds' })
    const failed = claim('water is dry.', false, 'it was not.')
    expect(failed.sentence).toContain('it does not hold: it was not.')
    expect(failed.number.value).toBe('does not hold')
  })

  it('cut pictures in an upper and a lower part', () => {
    const { x, y } = halves({ shape: [2, 3, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6) }, 1)
    expect(x).toEqual({ shape: [2, 1, 1], data: Float32Array.of(1, 4) })
    expect(y).toEqual({ shape: [2, 2, 1], data: Float32Array.of(2, 3, 5, 6) })
  })

  it('keep models in folders of their own', () => {
    expect(runOptions(context, 'vae', '10')).toEqual({ run: 'page/vae-10', overwrite: true })
    expect(runOptions(context, 'strokes').run).toBe('page/strokes')
    expect([mean([1, 2, 6]), mean([])]).toEqual([3, 0])
  })
})
