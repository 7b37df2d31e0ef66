import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { joinBytes } from '../../src/data/byteReader.js'
import { parquetObservations } from '../../src/data/parquet.js'
import { type NamedNumbers, writeParquet } from '../../src/data/parquetWriter.js'
import { rng } from '../../src/tensor/random.js'
import { rowsOf } from './support.js'

async function bytesOf(rows: Iterable<NamedNumbers>, width: number, column = 'features'): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeParquet(rows, { column, width })) pieces.push(piece)
  return joinBytes(pieces)
}

function table(count: number, width: number): NamedNumbers[] {
  const random = rng(3)
  return Array.from({ length: count }, (_, i) => ({
    name: i % 3 === 0 ? `Bild ${i} – “ü”` : `${i}.png`,
    numbers: Float32Array.from({ length: width }, () => random.normal()),
  }))
}

describe('writeParquet', () => {
  it.each([
    [1, 1],
    [5, 3],
    [1000, 1],
    [40, 300],
    [3000, 200],
  ])('writes %i rows of %i numbers that another reader and our own read', async (count, width) => {
    const rows = table(count, width)
    const bytes = await bytesOf(rows, width)
    const read = await parquetReadObjects({ file: bytes.slice().buffer })
    expect(read.map(({ name }) => name)).toEqual(rows.map(({ name }) => name))
    expect(read[0].features).toEqual([...rows[0].numbers])
    expect(read.at(-1)?.features).toEqual([...rows[count - 1].numbers])
    const observations = await parquetObservations(bytes)
    expect([observations.count, observations.shape]).toEqual([count, [width]])
    expect(await rowsOf(observations)).toEqual(rows.map(({ numbers }) => [...numbers]))
  })

  it('goes over several row groups', async () => {
    const width = 2 ** 20
    const rows = Array.from({ length: 9 }, (_, i) => ({ name: String(i), numbers: new Float32Array(width).fill(i) }))
    const observations = await parquetObservations(await bytesOf(rows, width))
    const seen: number[] = []
    for await (const { data, shape } of observations.batches({ batchSize: 2 })) {
      for (let i = 0; i < shape[0]; i++) seen.push(data[i * width], data[(i + 1) * width - 1])
    }
    expect(seen).toEqual(rows.flatMap((_, i) => [i, i]))
  })

  it('writes a table of no rows', async () => {
    expect(await parquetReadObjects({ file: (await bytesOf([], 4)).slice().buffer })).toEqual([])
  })

  it('refuses rows of another length and lists of nothing', async () => {
    await expect(bytesOf(table(2, 3), 4)).rejects.toThrow(/has 3 numbers; all rows of this table have 4/)
    await expect(bytesOf([], 0)).rejects.toThrow(/1 number or more/)
  })
})
