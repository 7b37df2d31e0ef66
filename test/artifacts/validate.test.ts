import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { storedTensor } from '../../src/artifacts/safetensors.js'
import {
  array,
  boolean,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  shape,
  tensorReference,
  text,
  variant,
  whole,
} from '../../src/artifacts/validate.js'
import { FileFormatError } from '../../src/tensor/errors.js'

const settings = object({
  atoms: whole({ min: 1 }),
  lambda: number({ above: 0 }),
  seed: optional(whole({ min: 0, max: 0xffffffff })),
  whiten: nullable(oneOf('zca', 'olshausen')),
  regularizer: variant('kind', {
    l1: object({ kind: text }),
    group: object({ kind: text, size: whole({ min: 2 }) }),
  }),
  shape,
  verbose: boolean,
  names: record(text),
})
const good = {
  atoms: 256,
  lambda: 0.5,
  whiten: null,
  regularizer: { kind: 'group', size: 4 },
  shape: [28, 28],
  verbose: false,
  names: { a: 'b' },
}

describe('validate', () => {
  it('gives a valid value back, with its type', () => {
    const value = settings(good, 'config.json:')
    expect(value).toEqual(good)
    expectTypeOf(value.lambda).toEqualTypeOf<number>()
    expectTypeOf(value.seed).toEqualTypeOf<number | undefined>()
    expectTypeOf(value.whiten).toEqualTypeOf<'zca' | 'olshausen' | null>()
    expect(settings({ ...good, seed: 3 }, 'config.json:').seed).toBe(3)
  })

  it.each<[unknown, string]>([
    [null, 'config.json: must be an object; got null.'],
    [[], 'config.json: must be an object; got [].'],
    [{ ...good, atoms: 0 }, 'config.json: atoms must be a whole number of 1 or more; got 0.'],
    [{ ...good, atoms: 2 ** 60 }, 'config.json: atoms must be a whole number'],
    [{ ...good, lambda: 0 }, 'config.json: lambda must be a number above 0; got 0.'],
    [{ ...good, lambda: '1' }, 'config.json: lambda must be a number above 0; got "1".'],
    [{ ...good, lambda: Number.NaN }, 'config.json: lambda must be a number above 0; got null.'],
    [{ ...good, seed: -1 }, 'config.json: seed must be a whole number from 0 to 4294967295; got -1.'],
    [{ ...good, whiten: 'pca' }, 'config.json: whiten must be one of "zca", "olshausen"; got "pca".'],
    [{ ...good, regularizer: { kind: 'l2' } }, 'config.json: regularizer.kind must be one of "l1", "group"; got "l2".'],
    [{ ...good, regularizer: { kind: 'toString' } }, 'config.json: regularizer.kind must be one of'],
    [{ ...good, regularizer: {} }, 'config.json: regularizer.kind is missing; add it.'],
    [{ ...good, regularizer: { kind: 'group' } }, 'config.json: regularizer.size is missing; add it.'],
    [{ ...good, shape: [28, '28'] }, 'config.json: shape[1] must be a whole number of 1 or more; got "28".'],
    [{ ...good, names: { a: 1 } }, 'config.json: names.a must be a text; got 1.'],
    [{ ...good, verbose: 1 }, 'config.json: verbose must be true or false; got 1.'],
    [{ ...good, lamda: 1 }, 'config.json: lamda is not a known field; expected are atoms, lambda, seed'],
    [JSON.parse('{"__proto__": 1}'), 'config.json: __proto__ is not a known field'],
    [{ ...good, lambda: 'x'.repeat(1000) }, `got "${'x'.repeat(56)}…`],
  ])('refuses %j', (value, sentence) => {
    expect(() => settings(value, 'config.json:')).toThrow(FileFormatError)
    expect(() => settings(value, 'config.json:')).toThrow(sentence)
  })

  it('refuses inherited fields', () => {
    expect(() => object({ toString: text })({}, 'x:')).toThrow('x: toString is missing')
  })

  it('bounds the length of arrays', () => {
    const pair = array(text, { min: 2, max: 2 })
    expect(pair(['a', 'b'], 'p')).toEqual(['a', 'b'])
    expect(() => pair(['a'], 'p')).toThrow('p must have a length equal to 2; it has 1.')
  })

  it('never throws anything but FileFormatError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => settings(value, 'config.json:')).toThrow(FileFormatError)
      }),
    )
  })

  it('finds the tensor that a name refers to, and checks it', () => {
    const tensors = { atoms: storedTensor(new Float32Array(6), [2, 3]) }
    const read = tensorReference(tensors, { dtype: 'F32', shape: [2, 3] })
    const found = read('atoms', 'c')
    expectTypeOf(found.data).toEqualTypeOf<Float32Array>()
    expect(found).toBe(tensors.atoms)
    expect(() => read('means', 'c')).toThrow('c names the tensor "means", which was not saved; there are: atoms.')
    expect(() => read('toString', 'c')).toThrow(/not saved/)
    expect(() => tensorReference(tensors, { dtype: 'F64' })('atoms', 'c')).toThrow('must be F64; it is F32 2×3')
    expect(() => tensorReference(tensors, { dtype: 'F32', shape: [3, 2] })('atoms', 'c')).toThrow('must be F32 3×2')
  })
})
