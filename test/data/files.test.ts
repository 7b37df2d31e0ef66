import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { byteReader } from '../../src/data/byteReader.js'
import { bytesHandle, partOfHandle, streamOf } from '../../src/data/fileHandle.js'
import * as browser from '../../src/data/files.browser.js'
import * as node from '../../src/data/files.node.js'
import { gunzip } from '../../src/data/gunzip.js'
import * as pixelsBrowser from '../../src/data/pixels.browser.js'
import * as pixelsNode from '../../src/data/pixels.node.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { temporaryFolder } from './support.js'

const folder = temporaryFolder()
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256)

describe('the two file seams', () => {
  it('have the same names', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort())
    expect(Object.keys(pixelsBrowser).sort()).toEqual(Object.keys(pixelsNode).sort())
  })

  it('in a browser, paths say what to use instead; Blobs and bytes work', async () => {
    await expect(browser.openFile('x.npy')).rejects.toThrow(/x\.npy needs a file system.*File, a Blob or the bytes/)
    for (const call of [
      browser.listFolder('x'),
      browser.expandGlob('*'),
      browser.writeFileAtomically('x', bytes),
      browser.pathKind('x'),
    ]) {
      await expect(call).rejects.toThrow(ConfigurationError)
    }
    const handle = await browser.openFile(new Blob([bytes]))
    expect(await handle.read(10, 5)).toEqual(bytes.subarray(10, 15))
    await expect(handle.read(990, 20)).rejects.toThrow(/cut short/)
  })
})

describe('openFile', () => {
  it('reads at any place, never past the end', async () => {
    const path = join(folder, 'plain.bin')
    writeFileSync(path, bytes)
    const handle = await node.openFile(path)
    expect(handle.size).toBe(1000)
    expect(await handle.read(300, 7)).toEqual(bytes.subarray(300, 307))
    expect(await handle.read(1000, 0)).toEqual(new Uint8Array(0))
    await expect(handle.read(999, 2)).rejects.toThrow(/cut short/)
    const part = partOfHandle(handle, 100, 50, 'part')
    expect(await part.read(40, 10)).toEqual(bytes.subarray(140, 150))
    await expect(part.read(45, 10)).rejects.toThrow(FileFormatError)
    await handle.close()
  })

  it('says why a file cannot be opened', async () => {
    await expect(node.openFile(join(folder, 'none'))).rejects.toThrow(/no such file/)
    await expect(node.openFile(folder)).rejects.toThrow(/not a file|folder/)
    expect(await node.pathKind(join(folder, 'none'))).toBeUndefined()
    expect(await node.pathKind(folder)).toBe('folder')
  })
})

describe('writeFileAtomically', () => {
  it('writes the whole file and leaves nothing else', async () => {
    const here = join(folder, 'whole')
    mkdirSync(here)
    await node.writeFileAtomically(join(here, 'a'), bytes)
    await node.writeFileAtomically(join(here, 'a'), streamOf(bytesHandle(bytes.slice(0, 10)), 3))
    expect(readdirSync(here)).toEqual(['a'])
    expect(new Uint8Array(readFileSync(join(here, 'a')))).toEqual(bytes.slice(0, 10))
  })

  it('keeps the old file where the content fails half-way', async () => {
    const here = join(folder, 'half')
    mkdirSync(here)
    writeFileSync(join(here, 'a'), 'old')
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes
      throw new Error('no more')
    }
    await expect(node.writeFileAtomically(join(here, 'a'), failing())).rejects.toThrow('no more')
    expect(readdirSync(here)).toEqual(['a'])
    expect(readFileSync(join(here, 'a'), 'utf8')).toBe('old')
  })

  it('says why it cannot write: no folder, a full disk', async () => {
    await expect(node.writeFileAtomically(join(folder, 'absent', 'a'), bytes)).rejects.toThrow(
      /cannot be written: no file can be made there; check that its folder is there/,
    )
    await expect(node.writeFileAtomically(folder, bytes)).rejects.toThrow(FileFormatError)
    if (existsSync('/dev/full')) {
      const appender = await node.appendTo('/dev/full')
      await expect(appender.write(bytes)).rejects.toThrow(/no space is left on the disk; free some/)
      await appender.close()
    }
  })

  it('says so where permission is missing', async () => {
    const here = join(folder, 'closed')
    mkdirSync(here)
    chmodSync(here, 0o500)
    // The superuser and Windows may write here all the same.
    const result = await node.writeFileAtomically(join(here, 'a'), bytes).catch((error: unknown) => error)
    if (result !== undefined) expect(String(result)).toMatch(/permission/)
    chmodSync(here, 0o700)
  })
})

describe('byteReader', () => {
  it('gives what is asked for across pieces of any size', async () => {
    for (const piece of [1, 3, 64, 2000]) {
      const reader = byteReader(streamOf(bytesHandle(bytes), piece), 'it')
      expect(await reader.read(5)).toEqual(bytes.subarray(0, 5))
      expect(await reader.read(500)).toEqual(bytes.subarray(5, 505))
      expect(await reader.ended()).toBe(false)
      expect(await reader.read(495)).toEqual(bytes.subarray(505))
      expect(await reader.ended()).toBe(true)
      await expect(reader.read(1)).rejects.toThrow(/it is cut short/)
    }
  })
})

describe('gunzip', () => {
  const inflate = async (packed: Uint8Array, piece = 7) => {
    const parts: number[] = []
    for await (const part of gunzip(streamOf(bytesHandle(packed), piece), 'x.gz')) parts.push(...part)
    return Uint8Array.from(parts)
  }

  it('inflates on the way', async () => {
    const packed = new Uint8Array(gzipSync(bytes))
    expect(await inflate(packed)).toEqual(bytes)
    expect(await inflate(new Uint8Array(gzipSync(new Uint8Array(0))))).toEqual(new Uint8Array(0))
  })

  it('fails in a sentence wherever it is cut or changed', async () => {
    const packed = new Uint8Array(gzipSync(bytes))
    for (let length = 0; length < packed.length; length += 13) {
      await expect(inflate(packed.subarray(0, length))).rejects.toThrow(/x\.gz is corrupt gzip or cut short/)
    }
    const changed = packed.slice()
    changed[packed.length - 3] ^= 1
    await expect(inflate(changed)).rejects.toThrow(FileFormatError)
  })

  it('passes on what the stream below it says', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(gzipSync(bytes)).subarray(0, 20)
      throw new FileFormatError('the disk is gone')
    }
    await expect(async () => {
      for await (const _ of gunzip(failing(), 'x.gz'));
    }).rejects.toThrow('the disk is gone')
  })

  it('can be left early', async () => {
    const large = new Uint8Array(gzipSync(new Uint8Array(1 << 24)))
    for await (const part of gunzip(streamOf(bytesHandle(large), 1 << 12), 'x.gz')) {
      expect(part.length).toBeGreaterThan(0)
      break
    }
  })
})
