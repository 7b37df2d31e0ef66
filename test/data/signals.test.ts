import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromTensor } from '../../src/data/fromTensor.js'
import { writeNpy } from '../../src/data/npy.js'
import { writeNpz } from '../../src/data/npz.js'
import type { Observations } from '../../src/data/observations.js'
import { openSource } from '../../src/data/open.js'
import { windows } from '../../src/data/windows.js'
import { fixture, rowsOf, temporaryFolder } from './support.js'

const folder = temporaryFolder()

const place = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes)
  return join(folder, name)
}

async function signalsOf(source: string, array?: string): Promise<Observations> {
  const opened = await openSource(source, { signals: true, ...(array === undefined ? {} : { array }) })
  if (opened.kind !== 'observations') throw new Error('no signals')
  return opened.observations
}

const counting = (length: number) => Int32Array.from({ length }, (_, i) => i)

describe('signals', () => {
  it('reads an array [t] as one signal, in npy, gzip and npz', async () => {
    for (const path of [
      place('one.npy', writeNpy({ shape: [6], data: counting(6) })),
      place('one.npz', await writeNpz({ data: { shape: [6], data: counting(6) } })),
    ]) {
      const signals = await signalsOf(path)
      expect([signals.shape, signals.count]).toEqual([[6], 1])
      expect(await rowsOf(signals)).toEqual([[0, 1, 2, 3, 4, 5]])
      await expect(openSource(path)).rejects.toThrow(/--signals/)
    }
  })

  it('reads [n, t] and [n, t, c] as n signals, and columns of a table as the channels of one', async () => {
    const two = await signalsOf(place('two.npy', writeNpy({ shape: [2, 3], data: counting(6) })))
    expect(await rowsOf(two)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    const leads = await signalsOf(place('leads.npy', writeNpy({ shape: [1, 3, 2], data: counting(6) })))
    expect([leads.shape, leads.count]).toEqual([[3, 2], 1])

    const plain = await openSource(fixture('columns.parquet'))
    const table = await signalsOf(fixture('columns.parquet'))
    if (plain.kind !== 'observations') throw new Error('no observations')
    expect(table.shape).toEqual([plain.observations.count, ...plain.observations.shape])
    expect(await rowsOf(table)).toEqual([(await rowsOf(plain.observations)).flat()])
  })

  it('names the signal and its first gap', async () => {
    const data = new Float32Array(30)
    data.fill(Number.NaN, 14, 17)
    data[25] = Number.NaN
    const path = place('gap.npy', writeNpy({ shape: [3, 10], data }))
    await expect(rowsOf(await signalsOf(path))).rejects.toThrow(/gap in signal 1: samples 4 to 6 .*give a mask/)
    await expect(rowsOf(await signalsOf(path), { batchSize: 3, seed: 3 })).rejects.toThrow(/gap in signal [12]: sample/)
    const leads = place('leads-gap.npy', writeNpy({ shape: [1, 15, 2], data }))
    await expect(rowsOf(await signalsOf(leads))).rejects.toThrow(/gap in signal 0: samples 7 to 8 /)
    const packed = place('gap.npz', await writeNpz({ x: { shape: [3, 10], data } }))
    await expect(rowsOf(await signalsOf(packed))).rejects.toThrow(/gap in signal 1: samples 4 to 6 /)
    const plain = await openSource(path)
    if (plain.kind !== 'observations') throw new Error('no observations')
    await expect(rowsOf(plain.observations)).rejects.toThrow(/holds NaN. Remove or replace/)
  })
})

describe('windows', () => {
  const signals = { shape: [2, 7], data: Float32Array.from({ length: 14 }, (_, i) => i) }

  it('are cut at every hop and leave out what fills none', async () => {
    const apart = await windows(signals, { length: 3 })
    expect([apart.shape, apart.count]).toEqual([[3], 4])
    expect(await rowsOf(apart)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [7, 8, 9],
      [10, 11, 12],
    ])
    const close = await windows(fromTensor(signals), { length: 5, hop: 2 })
    expect((await rowsOf(close)).map(([first]) => first)).toEqual([0, 2, 7, 9])
    const shuffled = await rowsOf(close, { batchSize: 3, seed: 5 })
    expect(shuffled.map(([first]) => first).sort((a, b) => a - b)).toEqual([0, 2, 7, 9])
  })

  it('keep the channels', async () => {
    const leads = await windows({ shape: [1, 7, 2], data: signals.data }, { length: 2, hop: 3 })
    expect(leads.shape).toEqual([2, 2])
    expect(await rowsOf(leads)).toEqual([
      [0, 1, 2, 3],
      [6, 7, 8, 9],
    ])
  })

  it('refuse sizes that cannot be', async () => {
    await expect(windows(signals, { length: 8 })).rejects.toThrow(/7 samples; windows of 8/)
    await expect(windows(signals, { length: 2.5 })).rejects.toThrow(/length of whole samples/)
    await expect(windows(signals, { length: 2, hop: 0 })).rejects.toThrow(/hop/)
    await expect(windows({ shape: [1, 2, 2, 2], data: new Float32Array(8) }, { length: 2 })).rejects.toThrow(/signals/)
  })
})
