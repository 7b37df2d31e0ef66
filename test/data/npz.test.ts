import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { npyHeader, writeNpy } from '../../src/data/npy.js'
import { npzObservations, readNpz, writeNpz } from '../../src/data/npz.js'
import { writeZip } from '../../src/data/zip.js'
import { DataError, FileFormatError } from '../../src/tensor/errors.js'
import { fixture, fixtureBytes, realRows, rowsOf, temporaryFolder } from './support.js'

const folder = temporaryFolder()

describe('npz files that numpy and scipy wrote', () => {
  it.each(['stored.npz', 'deflated.npz'])('%s: the one array with rows is the observations', async (name) => {
    for (const input of [fixture(name), fixtureBytes(name)]) {
      const observations = await npzObservations(input)
      expect(observations).toMatchObject({ count: 50, shape: [6] })
      expect(await rowsOf(observations)).toEqual(realRows)
      const arrays = await readNpz(input)
      expect(Object.keys(arrays).sort()).toEqual(['labels', 'observations'])
      expect(arrays.labels).toEqual({ shape: [50], data: BigInt64Array.from({ length: 50 }, (_, i) => BigInt(i)) })
    }
  })

  it('several arrays need a name', async () => {
    await expect(npzObservations(fixture('several.npz'))).rejects.toThrow(/first, second.*several\.npz#first/)
    expect(await rowsOf(await npzObservations(fixture('several.npz'), 'first'))).toEqual(realRows)
    await expect(npzObservations(fixture('several.npz'), 'third')).rejects.toThrow(/no array "third".*first, second/)
  })

  it('sparse matrices come with their arrays', async () => {
    const arrays = await readNpz(fixture('sparse.npz'))
    expect(arrays.format.data).toBe('csr')
    expect(Array.from(arrays.shape.data as BigInt64Array, Number)).toEqual([50, 6])
    await expect(npzObservations(fixture('sparse.npz'))).rejects.toThrow(DataError)
  })
})

describe('writeNpz', () => {
  const arrays = {
    values: { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    indices: { shape: [2], data: Int32Array.of(7, 8) },
    format: { shape: [], data: 'csr' },
  }

  it('gives back what was written; the same arrays give the same bytes', async () => {
    const bytes = await writeNpz(arrays)
    expect({ ...(await readNpz(bytes)) }).toEqual(arrays)
    expect(await writeNpz(arrays)).toEqual(bytes)
  })

  it('takes arrays of any name, as dictionaries of convolutional kernels have', async () => {
    const named = { 'G:8x8x64': { shape: [2], data: Float32Array.of(1, 2) }, '../up': arrays.values }
    expect({ ...(await readNpz(await writeNpz(named))) }).toEqual(named)
  })

  it('deflates', async () => {
    const bytes = await writeNpz({ zeros: { shape: [100_000], data: new Float64Array(100_000) } })
    expect(bytes.length).toBeLessThan(5000)
  })
})

describe('an npz file that cannot be used', () => {
  it('is named in one sentence', async () => {
    const good = fixtureBytes('deflated.npz')
    const path = join(folder, 'short.npz')
    writeFileSync(path, good.subarray(0, good.length - 40))
    await expect(npzObservations(path)).rejects.toThrow(/short\.npz is a damaged zip archive/)
    await expect(npzObservations(new Uint8Array(0))).rejects.toThrow(/empty/)
    await expect(npzObservations(fixtureBytes('little-f4.npy'))).rejects.toThrow(/not an npz file/)
    await expect(readNpz(await writeZip({ 'readme.txt': new Uint8Array(9) }))).rejects.toThrow(/no arrays/)
    await expect(readNpz(await writeZip({ 'a.npy': new Uint8Array(9) }))).rejects.toThrow(/not an npy file|cut short/)
  })

  it('with a damaged array fails by its checksum', async () => {
    for (const name of ['deflated.npz', 'stored.npz']) {
      const bytes = fixtureBytes(name)
      bytes[name === 'stored.npz' ? 700 : 250] ^= 16
      await expect(readNpz(bytes)).rejects.toThrow(FileFormatError)
    }
  })

  it('whose array promises more than the archive holds allocates nothing', async () => {
    const bomb = await writeZip({
      'a.npy': Uint8Array.from([...npyHeader('<f4', [2 ** 30, 64]), ...new Uint8Array(512)]),
    })
    await expect(npzObservations(bomb)).rejects.toThrow(/promises.*cut short/)
    await expect(readNpz(bomb)).rejects.toThrow(/promises.*cut short/)
  })

  it('that inflates to more than it declares is stopped', async () => {
    // 64 MiB of zeros behind the header, declared as 64 bytes in both directories.
    const header = npyHeader('<f4', [4, 4])
    const inner = new Uint8Array(1 << 26)
    inner.set(header)
    const honest = await writeZip({ 'a.npy': writeNpy({ shape: [4, 4], data: new Float32Array(16) }) })
    const packed = deflateRawSync(inner)
    const view = new DataView(honest.buffer, honest.byteOffset)
    const nameEnd = 30 + view.getUint16(26, true) + view.getUint16(28, true)
    const end = honest.length - 22
    const central = view.getUint32(end + 16, true)
    const bomb = new Uint8Array([...honest.subarray(0, nameEnd), ...packed, ...honest.subarray(central)])
    const edit = new DataView(bomb.buffer)
    const moved = nameEnd + packed.length
    edit.setUint32(18, packed.length, true)
    edit.setUint32(moved + 20, packed.length, true)
    edit.setUint32(bomb.length - 22 + 16, moved, true)
    await expect(readNpz(bomb)).rejects.toThrow(FileFormatError)
    await expect(npzObservations(bomb).then(rowsOf)).rejects.toThrow(FileFormatError)
  })
})
