import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalJson,
  checksum,
  describeDifferences,
  differences,
  fingerprint,
} from '../../src/artifacts/fingerprint.js'
import { ConfigurationError } from '../../src/tensor/errors.js'

/** The same value with the keys of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, turned(field)]),
  )
}

describe('fingerprint', () => {
  it('does not depend on the order of fields, and stands for the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(canonicalJson(turned(a))).toBe(canonicalJson(a))
        expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(JSON.stringify(a)))
        expect(fingerprint(turned(a))).toBe(fingerprint(a))
        expect(fingerprint(a) === fingerprint(b)).toBe(canonicalJson(a) === canonicalJson(b))
      }),
    )
  })

  it('is FNV-1a with 64 bits', () => {
    // FNV-1a of the two bytes "{}", by the definition at offset basis cbf29ce484222325 and prime 100000001b3.
    expect(fingerprint({})).toBe('08f44b07b5901a25')
    expect(fingerprint({ a: undefined })).toBe(fingerprint({}))
  })

  it.each([
    [{ lambda: Number.NaN }, /\.lambda is NaN, which JSON cannot hold/],
    [{ best: [1, Number.POSITIVE_INFINITY] }, /\.best\[1\] is Infinity/],
    [{ data: new Float32Array(1) }, /\.data is \[object Float32Array\]/],
    [{ when: new Map() }, /\[object Map\]/],
    [undefined, /undefined/],
  ])('refuses %o', (value, sentence) => {
    expect(() => fingerprint(value)).toThrow(ConfigurationError)
    expect(() => fingerprint(value)).toThrow(sentence)
  })
})

describe('differences', () => {
  it('are none exactly where configurations are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(differences(a, turned(a))).toEqual([])
        expect(differences(a, b).length === 0).toBe(canonicalJson(a) === canonicalJson(b))
      }),
    )
  })

  it.each([
    [{ '': 5 }, 5],
    [{ 'a.b': 1 }, { a: { b: 1 } }],
    [{ '"a"': 1 }, { a: 1 }],
    [{ '': { '': 1 } }, { '': 1 }],
    [{ 'the configuration': 1 }, 1],
  ])('tells settings of odd names from one another: %j and %j', (a, b) => {
    expect(differences(a, b)).not.toEqual([])
  })

  it('are told field by field', () => {
    const there = { atoms: 256, regularizer: { kind: 'l1', lambda: 1 }, shape: [28, 28], seed: 1 }
    const here = { atoms: 128, regularizer: { kind: 'l1', lambda: 0.5 }, shape: [16, 16], whiten: 'zca', seed: 1 }
    expect(describeDifferences(differences(there, here))).toBe(
      'atoms is 256 there and 128 here; regularizer.lambda is 1 there and 0.5 here; shape is [28,28] there and [16,16] here; whiten is absent there and "zca" here',
    )
  })

  it('of parts of another kind are told by the kinds alone', () => {
    const there = { seed: 1, decoder: { kind: 'mlp', hidden: [16], activation: 'tanh' } }
    const here = { seed: 2, decoder: { kind: 'linear', inputs: 4 } }
    expect(describeDifferences(differences(there, here))).toBe(
      'decoder.kind is "mlp" there and "linear" here; seed is 1 there and 2 here',
    )
  })
})

describe('checksum', () => {
  it('is that of the same bytes alone, wherever they lie in memory', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    fc.assert(
      fc.property(bytes, bytes, fc.nat(7), (a, b, offset) => {
        const moved = new Uint8Array(a.length + offset)
        moved.set(a, offset)
        expect(checksum([moved.subarray(offset)])).toBe(checksum([a]))
        expect(checksum([a]) === checksum([b])).toBe(String(a) === String(b))
        expect(checksum([a, b]) === checksum([b, a])).toBe(String(a) === String(b))
      }),
    )
  })

  it('changes with every bit', () => {
    const bytes = Uint8Array.from({ length: 23 }, (_, i) => 37 * i)
    const found = new Set([checksum([bytes])])
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] ^= 1 << (bit & 7)
      found.add(checksum([flipped]))
    }
    expect(found.size).toBe(8 * bytes.length + 1)
    expect(checksum([new Uint8Array(3)])).not.toBe(checksum([new Uint8Array(4)]))
  })
})
