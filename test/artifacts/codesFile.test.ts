import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkActive, columnOf, encodeCodes, flawOf, readCodes, writeCodes } from '../../src/artifacts/codesFile.js'
import { codesWriter } from '../../src/artifacts/codesWriter.js'
import { storedTensor } from '../../src/artifacts/safetensors.js'
import type { NpyArray } from '../../src/data/npy.js'
import { readNpz, writeNpz } from '../../src/data/npz.js'
import { type Codes, concatCodes, fromDense, toDense } from '../../src/inference/codes.js'
import { ConfigurationError, EnergiaError, FileFormatError, ShapeError } from '../../src/tensor/errors.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-codes-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const dense = (rows: number[][], atoms: number): Codes =>
  fromDense({ shape: [rows.length, atoms], data: Float32Array.from(rows.flat()) })

/** Any codes, rows without active atoms and no rows included. */
const anyCodes = (atoms: number): fc.Arbitrary<Codes> =>
  fc
    .array(
      fc.array(fc.option(fc.float({ noNaN: true, noDefaultInfinity: true }), { nil: 0, freq: 2 }), {
        minLength: atoms,
        maxLength: atoms,
      }),
      { maxLength: 6 },
    )
    .map((rows) => dense(rows, atoms))

const example = dense(
  [
    [0, 1.5, 0, -2],
    [0, 0, 0, 0],
    [3, 0, 0.25, 0],
  ],
  4,
)

/** `scipy.sparse.save_npz` (scipy 1.17.1, numpy 2.4.6) of the example in double precision, compressed. */
const fromScipy =
  'UEsDBC0AAAAIAAAAIQDoG9Rs//////////8LABQAaW5kaWNlcy5ucHkBABAAkAAAAAAAAABOAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG' +
  '6TaaKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6mjoKtQoUAC5GBgYGZgYIYAJiAFBLAwQtAAAACAAAACEAt55XPv//////////' +
  'CgAUAGluZHB0ci5ucHkBABAAkAAAAAAAAABMAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaKuo6Cell9UUpSYF59flJIKEndLzClOBY' +
  'oXZyQWpAL5GiY6mjoKtQoUAC4GIGCCYhYgBgBQSwMELQAAAAgAAAAhAKPDdJf//////////woAFABmb3JtYXQubnB5AQAQAIMAAAAAAAAARQAA' +
  'AAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeE2ysrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqaOgq1ChQBruTiIgBQSwMELQAAAA' +
  'gAAAAhAOjQ06j//////////wkAFABzaGFwZS5ucHkBABAAkAAAAAAAAABKAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaGuo6Cell9U' +
  'UpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6mjoKtQoUAC5mBghggdIAUEsDBC0AAAAIAAAAIQD/25YK//////////8IABQAZGF0YS5ucHkBAB' +
  'AAoAAAAAAAAABUAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6mjoKtQoU' +
  'AC4GMPhhD6EZDkAoDgcIfcEeAFBLAQItAy0AAAAIAAAAIQDoG9RsTgAAAJAAAAALAAAAAAAAAAAAAACAAQAAAABpbmRpY2VzLm5weVBLAQItAy' +
  '0AAAAIAAAAIQC3nlc+TAAAAJAAAAAKAAAAAAAAAAAAAACAAYsAAABpbmRwdHIubnB5UEsBAi0DLQAAAAgAAAAhAKPDdJdFAAAAgwAAAAoAAAAA' +
  'AAAAAAAAAIABEwEAAGZvcm1hdC5ucHlQSwECLQMtAAAACAAAACEA6NDTqEoAAACQAAAACQAAAAAAAAAAAAAAgAGUAQAAc2hhcGUubnB5UEsBAi' +
  '0DLQAAAAgAAAAhAP/blgpUAAAAoAAAAAgAAAAAAAAAAAAAAIABGQIAAGRhdGEubnB5UEsFBgAAAAAFAAUAFgEAAKcCAAAAAA=='

describe('codes in a file', () => {
  it('come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(anyCodes(5), async (codes) => {
        const energy = storedTensor(new Float64Array(codes.shape[0]).fill(0.1))
        const back = await readCodes(await encodeCodes(codes, { energy }))
        expect(back.codes).toEqual(codes)
        expect(back.arrays).toEqual({ energy })
      }),
      { numRuns: 25 },
    )
  })

  it('are laid out as scipy does', async () => {
    const arrays = await readNpz(await encodeCodes(example))
    const expected: Record<string, NpyArray> = {
      data: { shape: [4], data: Float32Array.of(1.5, -2, 3, 0.25) },
      indices: { shape: [4], data: Int32Array.of(1, 3, 0, 2) },
      indptr: { shape: [4], data: Int32Array.of(0, 2, 2, 4) },
      shape: { shape: [2], data: BigInt64Array.of(3n, 4n) },
      format: { shape: [], data: 'csr' },
    }
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, array] of Object.entries(expected)) expect(arrays[name]).toEqual(array)
  })

  it('are read from what scipy wrote', async () => {
    const bytes = Uint8Array.from(atob(fromScipy), (character) => character.charCodeAt(0))
    expect(toDense((await readCodes(bytes)).codes)).toEqual(toDense(example))
  })

  it('are written to a path at once', async () => {
    const path = join(folder, 'once.npz')
    await writeCodes(path, example, { mean: storedTensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]) })
    const saved = await readCodes(path)
    expect(saved.codes).toEqual(example)
    expect(columnOf(saved, 'mean', 'F32', [2])).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
    expect(() => columnOf(saved, 'energy', 'F64')).toThrow(/once\.npz has no array "energy"/)
    expect(() => columnOf(saved, 'toString', 'F64')).toThrow(FileFormatError)
    expect(() => columnOf(saved, 'mean', 'F64', [2])).toThrow(/"mean" of F32 3×2, and F64 3×2 is needed/)
    expect(() => columnOf(saved, 'mean', 'F32', [3])).toThrow(/F32 3×3 is needed/)
  })

  it('take no array with a name of scipy’s', async () => {
    for (const name of ['data', 'shape', 'a/b', '']) {
      await expect(encodeCodes(example, { [name]: storedTensor(Float32Array.of(1)) })).rejects.toThrow(
        ConfigurationError,
      )
    }
  })

  it('refuse more coefficients than 32 bits count', () => {
    expect(() => checkActive(2 ** 31 - 1)).not.toThrow()
    expect(() => checkActive(2 ** 31)).toThrow(/2147483648 active coefficients.*in several parts/)
  })

  it.each<[string, Partial<Codes>, RegExp]>([
    ['too few positions', { indptr: Int32Array.of(0, 2, 4) }, /3 observations need 4 row positions/],
    ['a first position that is not 0', { indptr: Int32Array.of(1, 2, 2, 4) }, /first row position is 1/],
    ['a last position that is not the end', { indptr: Int32Array.of(0, 2, 2, 3) }, /last row position is 3/],
    ['positions that fall', { indptr: Int32Array.of(0, 3, 2, 4) }, /fall from 3 to 2 at row 1/],
    ['a negative position', { indptr: Int32Array.of(0, -1, 2, 4) }, /fall from 0 to -1/],
    ['an index past the atoms', { indices: Int32Array.of(1, 4, 0, 2) }, /row 0 has the index 4, outside 0 to 3/],
    ['a negative index', { indices: Int32Array.of(1, 3, -1, 2) }, /row 2 has the index -1/],
    ['indices in another order', { indices: Int32Array.of(3, 1, 0, 2) }, /indices of row 0 do not increase/],
    ['an index twice', { indices: Int32Array.of(1, 3, 2, 2) }, /indices of row 2 do not increase/],
    ['too few values', { values: Float32Array.of(1, 2, 3) }, /4 indices for 3 values/],
    ['NaN', { values: Float32Array.of(1, Number.NaN, 3, 4) }, /row 0 has the value NaN/],
    ['an infinity', { values: Float32Array.of(1, 2, 3, Number.NEGATIVE_INFINITY) }, /row 2 has the value -Infinity/],
  ])('with %s are refused, to write and to read', async (_, change, sentence) => {
    const codes = { ...example, ...change }
    expect(flawOf(codes)).toMatch(sentence)
    await expect(encodeCodes(codes)).rejects.toThrow(ShapeError)
    const forged = await writeNpz({
      data: { shape: [codes.values.length], data: codes.values },
      indices: { shape: [codes.indices.length], data: codes.indices },
      indptr: { shape: [codes.indptr.length], data: codes.indptr },
      shape: { shape: [2], data: BigInt64Array.of(3n, 4n) },
      format: { shape: [], data: 'csr' },
    })
    await expect(readCodes(forged)).rejects.toThrow(FileFormatError)
    await expect(readCodes(forged)).rejects.toThrow(sentence)
  })

  it.each<[string, Record<string, NpyArray>, RegExp]>([
    ['another format', { format: { shape: [], data: 'csc' } }, /format is "csc".*tocsr/],
    ['a format of numbers', { format: { shape: [1], data: Int32Array.of(1) } }, /format is of numbers/],
    [
      'three sizes',
      { shape: { shape: [3], data: BigInt64Array.of(3n, 4n, 1n) } },
      /"shape" does not hold 2 whole numbers/,
    ],
    ['a negative size', { shape: { shape: [2], data: BigInt64Array.of(-3n, 4n) } }, /"shape" does not hold/],
    ['sizes past counting', { shape: { shape: [2], data: BigInt64Array.of(3n, 2n ** 62n) } }, /"shape" does not hold/],
    [
      'atoms past 32 bits',
      { shape: { shape: [2], data: BigInt64Array.of(3n, 2n ** 40n) } },
      /codes over 1099511627776 atoms/,
    ],
    [
      'more rows than positions',
      { shape: { shape: [2], data: BigInt64Array.of(2n ** 40n, 4n) } },
      /need 1099511627777 row positions/,
    ],
    [
      'an index past 32 bits',
      { indices: { shape: [4], data: BigInt64Array.of(1n, 3n + 2n ** 32n, 0n, 2n) } },
      /beyond 32 bits/,
    ],
    [
      'fractional indices',
      { indices: { shape: [4], data: Float64Array.of(1, 3, 0, 2) } },
      /"indices" is not a row of whole numbers/,
    ],
    ['a table of values', { data: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } }, /"data" is not a row/],
    ['values past single precision', { data: { shape: [4], data: Float64Array.of(1, 2, 3, 1e300) } }, /value Infinity/],
  ])('of scipy’s shape but with %s are refused', async (_, change, sentence) => {
    const forged = await writeNpz({ ...(await readNpz(await encodeCodes(example))), ...change })
    await expect(readCodes(forged)).rejects.toThrow(FileFormatError)
    await expect(readCodes(forged)).rejects.toThrow(sentence)
  })

  it.each(['data', 'indices', 'indptr', 'shape', 'format'])('without %s are refused', async (name) => {
    const { [name]: _, ...rest } = await readNpz(await encodeCodes(example))
    await expect(readCodes(await writeNpz(rest))).rejects.toThrow(`array "${name}" is missing`)
  })

  it('in a mutated file are refused or consistent', async () => {
    const valid = await encodeCodes(example)
    const mutation = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(mutation, async (changes) => {
        const bytes = valid.slice()
        for (const [at, value] of changes) bytes[at] = value
        try {
          expect(flawOf((await readCodes(bytes)).codes)).toBeUndefined()
        } catch (error) {
          expect(error).toBeInstanceOf(EnergiaError)
        }
      }),
      { numRuns: 200 },
    )
    await expect(readCodes(valid.slice(0, valid.length - 30))).rejects.toThrow(FileFormatError)
    await expect(readCodes(new Uint8Array(0))).rejects.toThrow(FileFormatError)
  })
})

describe('a writer of codes', () => {
  const columns = { energy: { dtype: 'F64' }, mean: { dtype: 'F32', row: [3] }, status: { dtype: 'U8' } } as const
  const beside = (count: number) => ({
    energy: Float64Array.from({ length: count }, (_, i) => i / 3),
    mean: Float32Array.from({ length: count * 3 }, (_, i) => i),
    status: new Uint8Array(count).fill(2),
  })

  it('joins batches of any sizes', async () => {
    const path = join(folder, 'batches.npz')
    await fc.assert(
      fc.asyncProperty(fc.array(anyCodes(4), { maxLength: 5 }), async (batches) => {
        const writer = await codesWriter(path, 4, { columns, constants: { grid: storedTensor(Int32Array.of(2, 3)) } })
        for (const batch of batches) await writer.append(batch, beside(batch.shape[0]))
        await writer.finish()
        const { codes, arrays } = await readCodes(path)
        expect(codes).toEqual(concatCodes([dense([], 4), ...batches]))
        expect([writer.observations, writer.active]).toEqual([codes.shape[0], codes.indices.length])
        const energies = batches.flatMap((batch) => [...beside(batch.shape[0]).energy])
        expect(arrays.energy).toEqual(storedTensor(Float64Array.from(energies)))
        expect(arrays.mean.shape).toEqual([codes.shape[0], 3])
        expect(arrays.grid).toEqual(storedTensor(Int32Array.of(2, 3)))
      }),
      { numRuns: 20 },
    )
  })

  it('takes codes of unequal lengths, and entries of any length', async () => {
    const path = join(folder, 'unequal.npz')
    const writer = await codesWriter(path, 'widest', {
      columns: { name: { dtype: 'U8', row: 'any' }, size: { dtype: 'I32' } },
    })
    const rows = [
      { codes: fromDense({ shape: [1, 3], data: Float32Array.of(0, 2, 0) }), name: Uint8Array.of(1, 2), size: 3 },
      { codes: fromDense({ shape: [1, 5], data: Float32Array.of(0, 0, 0, 0, 7) }), name: new Uint8Array(0), size: 5 },
      { codes: fromDense({ shape: [1, 1], data: Float32Array.of(4) }), name: Uint8Array.of(3), size: 1 },
    ]
    for (const { codes, name, size } of rows) await writer.append(codes, { name, size: Int32Array.of(size) })
    await writer.finish()
    const { codes, arrays } = await readCodes(path)
    expect(codes.shape).toEqual([3, 5])
    expect([...toDense(codes).data]).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 4, 0, 0, 0, 0])
    expect(arrays.name).toEqual(storedTensor(Uint8Array.of(1, 2, 3)))
    expect(arrays.size).toEqual(storedTensor(Int32Array.of(3, 5, 1)))
  })

  it('gives the same bytes for the same codes', async () => {
    const paths = ['one.npz', 'two.npz'].map((name) => join(folder, name))
    for (const path of paths) {
      const writer = await codesWriter(path, 4)
      await writer.append(example, {})
      await writer.finish()
    }
    expect(await readFile(paths[0])).toEqual(await readFile(paths[1]))
  })

  it('leaves the file before and nothing else when it gives up', async () => {
    const inside = await mkdtemp(join(folder, 'given-up-'))
    const path = join(inside, 'codes.npz')
    await writeFile(path, 'before')
    const writer = await codesWriter(path, 4, { columns })
    await writer.append(example, beside(3))
    expect(await readFile(path, 'utf8')).toBe('before')
    await writer.discard()
    await writer.discard()
    expect(await readdir(inside)).toEqual(['codes.npz'])
    expect(await readFile(path, 'utf8')).toBe('before')
    await expect(writer.append(example, beside(3))).rejects.toThrow(/takes nothing now/)
    await expect(writer.finish()).rejects.toThrow(ConfigurationError)
  })

  it('refuses a batch that does not fit, and goes on with those that do', async () => {
    const path = join(folder, 'refusing.npz')
    const writer = await codesWriter(path, 4, { columns })
    await expect(writer.append(dense([[1]], 1), beside(1))).rejects.toThrow(/Codes over 1 atoms cannot go .* over 4/)
    await expect(writer.append({ ...example, values: new Float32Array(3) }, beside(3))).rejects.toThrow(
      /4 indices for 3/,
    )
    await expect(writer.append(example, beside(2))).rejects.toThrow(/Column "energy" needs F64 with 3 entries/)
    // A batch with a column of another type, which TypeScript would not let through.
    const wrong = { ...beside(3), energy: new Float32Array(3) as unknown as Float64Array }
    await expect(writer.append(example, wrong)).rejects.toThrow(/needs F64 with 3 entries .*got F32 with 3/)
    await writer.append(example, beside(3))
    await writer.finish()
    expect((await readCodes(path)).codes).toEqual(example)
  })

  it('does not let two batches be written at once', async () => {
    const writer = await codesWriter(join(folder, 'crowded.npz'), 4)
    const first = writer.append(example, {})
    await expect(writer.append(example, {})).rejects.toThrow(/Await each call/)
    await first
    await writer.discard()
  })

  it('refuses at the start what it could not finish', async () => {
    const inside = await mkdtemp(join(folder, 'folder-'))
    await expect(codesWriter(inside, 4)).rejects.toThrow(/it is a folder; name a file/)
    await expect(codesWriter(join(inside, 'a.npz'), 4, { columns: { shape: { dtype: 'F32' } } })).rejects.toThrow(
      ConfigurationError,
    )
    const constants = { energy: storedTensor(Float32Array.of(1)) }
    await expect(codesWriter(join(inside, 'a.npz'), 4, { columns, constants })).rejects.toThrow(
      /both a column and a constant/,
    )
    await writeFile(join(inside, 'file'), '')
    await expect(codesWriter(join(inside, 'file', 'a.npz'), 4)).rejects.toThrow(/file where a folder is needed/)
    expect(await readdir(inside)).toEqual(['file'])
  })
})
