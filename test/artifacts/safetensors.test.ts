import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesOf,
  type Dtype,
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  safetensorsParts,
  storedTensor,
  zeroArray,
} from '../../src/artifacts/safetensors.js'
import { ConfigurationError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'

const dtypes: Dtype[] = ['BOOL', 'U8', 'I8', 'U16', 'I16', 'U32', 'I32', 'F32', 'U64', 'I64', 'F64']

/** Any tensor: random bits, NaN with a payload and −0 included. */
const anyTensor = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
    seed: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  })
  .map(({ dtype, shape, seed }): StoredTensor => {
    const data = zeroArray(
      dtype,
      shape.reduce((size, extent) => size * extent, 1),
    )
    const bytes = bytesOf(data)
    for (let i = 0; i < bytes.length; i++) bytes[i] = dtype === 'BOOL' ? seed[i % 8] & 1 : seed[i % 8] ^ i
    return { dtype, shape, data } as StoredTensor
  })
const anyName = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', '', '"', '\\'))
const anyFile = fc.record({
  tensors: fc.dictionary(
    anyName.filter((name) => name !== '__metadata__'),
    anyTensor,
    { maxKeys: 6 },
  ),
  metadata: fc.dictionary(anyName, fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
})

/** A file with any header and this many bytes after it. */
function file(header: unknown, held: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + held)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

describe('safetensors', () => {
  it('gives back every tensor bit for bit, whatever the memory it is read from', () => {
    fc.assert(
      fc.property(anyFile, fc.nat(7), ({ tensors, metadata }, shift) => {
        const written = encodeSafetensors(tensors, metadata)
        const moved = new Uint8Array(written.length + shift).subarray(shift)
        moved.set(written)
        const back = decodeSafetensors(moved)
        expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort())
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort())
        for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
          const read = back.tensors[name]
          expect([read.dtype, read.shape]).toEqual([dtype, shape])
          expect(bytesOf(read.data)).toEqual(bytesOf(data))
        }
      }),
    )
  })

  it('aligns every tensor to its elements and does not copy it to write', () => {
    const tensors = {
      a: storedTensor(Uint8Array.of(1, 2, 3)),
      b: storedTensor(Float64Array.of(1.5)),
      c: storedTensor(Float32Array.of(1, 2, 3), [3, 1]),
    }
    const parts = safetensorsParts(tensors)
    expect(parts[0].length % 8).toBe(0)
    expect(parts.slice(1).map((part) => part.buffer)).toEqual([
      tensors.b.data.buffer,
      tensors.c.data.buffer,
      tensors.a.data.buffer,
    ])
    expect(parts[1].buffer).toBe(tensors.b.data.buffer)
  })

  it('writes no tensors as a file too', () => {
    expect(decodeSafetensors(encodeSafetensors({}))).toEqual({ tensors: {}, metadata: {} })
  })

  it('refuses to write what the format cannot hold', () => {
    const one = storedTensor(Float32Array.of(1))
    expect(() => encodeSafetensors({ __metadata__: one })).toThrow(ConfigurationError)
    expect(() => encodeSafetensors({ w: { dtype: 'F32', shape: [2, 2], data: new Float32Array(3) } })).toThrow(
      /"w" of shape 2×2 needs 4 elements; 3/,
    )
    expect(() => storedTensor(Float32Array.of(1), [2])).toThrow(ShapeError)
    expect(() => encodeSafetensors({}, { long: 'x'.repeat(100_000_001) })).toThrow(/Store less/)
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /0 bytes/],
    [
      'a header longer than the file',
      file('{}', 0).fill(0xff, 0, 8),
      /promises a header of 18446744073709551615 bytes/,
    ],
    ['a header cut off', file('{"a":', 0), /not valid JSON/],
    ['no object', file('[]', 0), /does not begin with "\{"/],
    ['a space first', file(' {}', 0), /does not begin/],
    ['bytes that are not UTF-8', file('{}', 0).fill(0xff, 8), /UTF-8/],
    ['a name twice', file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}', 0), /names "a" twice/],
    ['an escaped name twice', file('{"a":{},"\\u0061":{}}', 0), /twice/],
    ['metadata that is not text', file({ __metadata__: { a: 1 } }, 0), /something other than strings/],
    ['metadata null', file({ __metadata__: null }, 0), /something other than strings/],
    ['an unknown type', file({ a: { dtype: 'BF16', shape: [1], data_offsets: [0, 2] } }, 2), /type "BF16".*F32/],
    [
      'a type from the prototype',
      file({ a: { dtype: 'toString', shape: [1], data_offsets: [0, 2] } }, 2),
      /type "toString"/,
    ],
    ['an unknown field', file({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1], x: 1 } }, 1), /unknown field "x"/],
    ['a negative size', file({ a: { dtype: 'U8', shape: [-1], data_offsets: [0, 1] } }, 1), /whole number/],
    ['a fractional size', file({ a: { dtype: 'U8', shape: [0.5], data_offsets: [0, 1] } }, 1), /whole number/],
    ['an infinite size', file('{"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,1]}}', 1), /whole number/],
    [
      'sizes that overflow',
      file({ a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } }, 4),
      /more elements than/,
    ],
    [
      'sizes that wrap to fit',
      file({ a: { dtype: 'U8', shape: [2 ** 32, 2 ** 32, 0], data_offsets: [0, 0] } }, 0),
      /more elements/,
    ],
    [
      'a size beyond the file',
      file({ a: { dtype: 'F32', shape: [2 ** 40], data_offsets: [0, 2 ** 42] } }, 4),
      /take 4398046511104 bytes, and it holds 4/,
    ],
    ['offsets too short', file({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, 4), /needs 8 bytes/],
    ['offsets backwards', file({ a: { dtype: 'U8', shape: [1], data_offsets: [1, 0] } }, 1), /offsets are 1 to 0/],
    ['negative offsets', file({ a: { dtype: 'U8', shape: [1], data_offsets: [-1, 0] } }, 0), /offsets are -1 to 0/],
    [
      'offsets that are texts',
      file({ a: { dtype: 'U8', shape: [1], data_offsets: ['0', '1'] } }, 1),
      /pair of offsets/,
    ],
    ['a hole', file({ a: { dtype: 'U8', shape: [1], data_offsets: [1, 2] } }, 2), /1 bytes before "a"/],
    [
      'an overlap',
      file(
        { a: { dtype: 'U8', shape: [2], data_offsets: [0, 2] }, b: { dtype: 'U8', shape: [2], data_offsets: [1, 3] } },
        3,
      ),
      /"b" overlaps/,
    ],
    [
      'bytes after the last tensor',
      file({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } }, 2),
      /take 1 bytes, and it holds 2/,
    ],
    ['an entry that is null', file({ a: null }, 0), /not described/],
    ['deep nesting', file(`{"a":${'['.repeat(200_000)}`, 0), /not valid JSON/],
  ])('refuses %s', (_, bytes, sentence) => {
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(FileFormatError)
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(sentence)
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(/weights\.safetensors/)
  })

  it('never throws anything but FileFormatError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readsOrRefuses(bytes)
      }),
    )
  })

  it('survives every mutation of a valid file', () => {
    const valid = encodeSafetensors(
      { w: storedTensor(Float32Array.of(1, 2, 3, 4), [2, 2]), count: storedTensor(BigInt64Array.of(7n)) },
      { a: 'b' },
    )
    const mutation = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(mutation, fc.nat(valid.length), fc.boolean(), (changes, length, cut) => {
        const bytes = valid.slice(0, cut ? length : undefined)
        for (const [at, value] of changes) bytes[at] = value
        readsOrRefuses(bytes)
        if (cut && length < valid.length)
          expect(() => decodeSafetensors(valid.slice(0, length))).toThrow(FileFormatError)
      }),
      { numRuns: 2000 },
    )
  })
})

/** A reader may find a mutated file valid; then what it gives must be consistent. */
function readsOrRefuses(bytes: Uint8Array): void {
  try {
    for (const { shape, data } of Object.values(decodeSafetensors(bytes).tensors)) {
      expect(shape.reduce((size, extent) => size * extent, 1)).toBe(data.length)
    }
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError)
  }
}
