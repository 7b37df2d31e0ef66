import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, parseJson } from '../../src/artifacts/json.js'
import { FileFormatError } from '../../src/tensor/errors.js'

describe('json', () => {
  it('reads all that JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseJson(text, 'x')).toEqual(JSON.parse(text))
      }),
    )
  })

  it.each([
    ['{"a":1,"a":2}', '"a"'],
    ['{"a":1 , "b":{"c":1,\t"c" \n:2}}', '"c"'],
    ['[{"x\\"":1,"x\\"":2}]', '"x\\""'],
    ['{"a":[{"b":1}],"a":0}', '"a"'],
    ['{"\\u0061":1,"a":2}', '"a"'],
  ])('refuses a field named twice: %s', (text, name) => {
    expect(() => parseJson(text, 'config.json')).toThrow(`config.json names ${name} twice`)
  })

  it.each(['{"a":{"a":1},"b":["a","a"]}', '[{"a":1},{"a":1}]', '{"a":"a:","b":"\\"a\\":"}', '["a","a"]'])(
    'takes the same text elsewhere for no doubled field: %s',
    (text) => {
      expect(parseJson(text, 'x')).toEqual(JSON.parse(text))
    },
  )

  it('passes over a byte-order mark', () => {
    expect(parseJson('\uFEFF{"a":1}', 'the text')).toEqual({ a: 1 })
  })

  it.each(['', '{', '{"a":1}}', 'NaN', "{'a':1}"])('refuses %j', (text) => {
    expect(() => parseJson(text, 'config.json')).toThrow(FileFormatError)
    expect(() => parseJson(text, 'config.json')).toThrow(/^config\.json is not valid JSON/)
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(decodeText(new TextEncoder().encode('é'), 'x')).toBe('é')
    expect(() => decodeText(Uint8Array.of(0xc3), 'config.json')).toThrow(/config\.json is not UTF-8/)
  })
})
