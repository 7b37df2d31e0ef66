import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, suggest } from '../../src/tensor/suggest.js'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['digits', 'digits', 0],
    ['digts', 'digits', 1],
    ['dgiits', 'digits', 1],
    ['kitten', 'sitting', 3],
  ])('%s to %s: %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })

  it('lies between the difference of the lengths and the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b)
        return (
          distance >= Math.abs(a.length - b.length) &&
          distance <= Math.max(a.length, b.length) &&
          (distance === 0) === (a === b)
        )
      }),
    )
  })
})

describe('suggest', () => {
  it('finds what was meant, and nothing where nothing is near', () => {
    const choices = ['digits', 'photographs', 'mnist', 'dead-leaves', 'planted']
    expect(suggest('Digts', choices)).toBe('digits')
    expect(suggest('photograhps', choices)).toBe('photographs')
    expect(suggest('deadleaves', choices)).toBe('dead-leaves')
    expect(suggest('mnits', choices)).toBe('mnist')
    expect(suggest('zebra', choices)).toBeUndefined()
    expect(suggest('x', [])).toBeUndefined()
  })
})
