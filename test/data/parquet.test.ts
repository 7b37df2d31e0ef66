import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parquetObservations } from '../../src/data/parquet.js'
import { FileFormatError } from '../../src/tensor/errors.js'
import { fixture, fixtureBytes, realRows, rowsOf, temporaryFolder, wholeRows } from './support.js'

const folder = temporaryFolder()

describe('Parquet files that pyarrow wrote', () => {
  it.each([
    ['list.parquet', 'lists in snappy with a dictionary', realRows],
    ['fixed.parquet', 'lists of fixed length in gzip, pages of version 2, three row groups', realRows],
    ['whole.parquet', 'lists of 64-bit integers, not compressed', wholeRows],
    ['columns.parquet', 'six columns of numbers in many pages', realRows],
    ['split.parquet', 'byte-stream split, lists across pages', realRows],
    ['flags.parquet', 'booleans and unsigned bytes', wholeRows.map((row) => [row[1] > 20 ? 1 : 0, Math.abs(row[1])])],
  ])('%s: %s', async (name, _, rows) => {
    for (const input of [fixture(name), fixtureBytes(name)]) {
      const observations = await parquetObservations(input)
      expect(observations).toMatchObject({ count: 50, shape: [rows[0].length] })
      expect(await rowsOf(observations)).toEqual(rows)
    }
  })

  it('a column can be named', async () => {
    await expect(parquetObservations(fixture('two.parquet'))).rejects.toThrow(
      /several columns of lists: a, b.*two\.parquet#a/,
    )
    expect(await rowsOf(await parquetObservations(fixture('two.parquet'), 'b'))).toEqual(realRows)
    expect(await rowsOf(await parquetObservations(fixture('columns.parquet'), 'x3'))).toEqual(
      realRows.map((row) => [row[3]]),
    )
    await expect(parquetObservations(fixture('list.parquet'), 'vectr')).rejects.toThrow(/did you mean vector\?/)
    await expect(parquetObservations(fixture('list.parquet'), 'name')).rejects.toThrow(/no numbers/)
  })

  it('what cannot be used is said in one sentence', async () => {
    await expect(parquetObservations(fixture('words.parquet'))).rejects.toThrow(/no column of numbers.*name/)
    await expect(parquetObservations(fixture('zstd.parquet')).then(rowsOf)).rejects.toThrow(/ZSTD.*snappy/)
    await expect(parquetObservations(fixture('nulls.parquet')).then(rowsOf)).rejects.toThrow(
      /missing values|unequal lengths/,
    )
    await expect(parquetObservations(fixture('ragged.parquet')).then(rowsOf)).rejects.toThrow(/unequal lengths/)
    await expect(parquetObservations(fixtureBytes('little-f4.npy'))).rejects.toThrow(/does not begin with PAR1/)
    await expect(parquetObservations(new Uint8Array(0))).rejects.toThrow(/empty/)
  })

  it('a file cut short is damaged', async () => {
    const bytes = fixtureBytes('list.parquet')
    for (const length of [4, 11, 100, bytes.length - 1]) {
      const path = join(folder, `short-${length}.parquet`)
      writeFileSync(path, bytes.subarray(0, length))
      await expect(parquetObservations(path).then(rowsOf)).rejects.toThrow(FileFormatError)
    }
  })
})
