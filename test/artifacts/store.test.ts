import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import * as browser from '../../src/artifacts/store.browser.js'
import type { Content, Scratch, Store } from '../../src/artifacts/store.js'
import * as node from '../../src/artifacts/store.node.js'
import { CancelledError, FileFormatError } from '../../src/tensor/errors.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-store-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function everything(scratch: Scratch): Promise<number[]> {
  const all: number[] = []
  for await (const chunk of scratch.chunks()) all.push(...chunk)
  return all
}

describe.each<[string, () => Store]>([
  ['on disk', () => node.openStore(join(folder, 'new', 'place'))],
  ['in memory', () => memoryStore('place')],
])('a store %s', (_, open) => {
  let store: Store
  beforeEach(() => {
    store = open()
  })

  it('is empty until something is written', async () => {
    expect(await store.list()).toEqual([])
    expect(await store.exists('a')).toBe(false)
    await store.remove('a')
    await store.sweep()
    await store.truncate('a', 0)
    expect(await store.list()).toEqual([])
  })

  it('gives back what was written, in memory of its own', async () => {
    const given = bytes(1, 2, 3)
    await store.writeAtomic('b', given)
    given[0] = 9
    const read = await store.read('b')
    expect(read).toEqual(bytes(1, 2, 3))
    read[0] = 8
    expect(await store.read('b')).toEqual(bytes(1, 2, 3))
    await store.writeAtomic('a', new Uint8Array(0))
    expect(await store.list()).toEqual(['a', 'b'])
    expect([await store.size('a'), await store.size('b')]).toEqual([0, 3])
    await store.writeAtomic('b', bytes(4))
    expect(await store.read('b')).toEqual(bytes(4))
    await store.remove('b')
    expect(await store.list()).toEqual(['a'])
  })

  it('writes pieces, also those whose memory is used again', async () => {
    async function* counting() {
      const piece = new Uint8Array(2)
      for (let i = 0; i < 3; i++) yield piece.fill(i)
    }
    await store.writeAtomic('pieces', counting())
    expect(await store.read('pieces')).toEqual(bytes(0, 0, 1, 1, 2, 2))
  })

  it('leaves the old file alone when writing fails, and removes nothing', async () => {
    await store.writeAtomic('kept', bytes(1))
    await store.writeAtomic('other', bytes(2))
    // biome-ignore lint/correctness/useYield: it fails before there is anything to give
    async function* failing(): AsyncGenerator<Uint8Array> {
      throw new CancelledError('Stopped.')
    }
    await expect(store.writeAtomic('kept', failing(), { removing: ['other'] })).rejects.toThrow(CancelledError)
    expect(await store.read('kept')).toEqual(bytes(1))
    expect(await store.list()).toEqual(['kept', 'other'])
  })

  it('removes what a new file replaces', async () => {
    for (const name of ['a', 'b', 'c']) await store.writeAtomic(name, bytes(1))
    await store.writeAtomic('a', bytes(2), { removing: ['b', 'absent'] })
    expect(await store.list()).toEqual(['a', 'c'])
  })

  it('writes files together, or none of them', async () => {
    for (const name of ['kept', 'other']) await store.writeAtomic(name, bytes(1))
    // biome-ignore lint/correctness/useYield: it fails before there is anything to give
    async function* full(): AsyncGenerator<Uint8Array> {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    }
    const files = new Map<string, Content>([
      ['kept', bytes(2)],
      ['new', bytes(3)],
    ])
    const writing = store.writeTogether(new Map([...files, ['last', full()]]), { removing: ['other'] })
    await expect(writing).rejects.toThrow(store.kind === 'disk' ? /last cannot be written: no space is left/ : 'ENOSPC')
    expect(await store.list()).toEqual(['kept', 'other'])
    expect(await store.read('kept')).toEqual(bytes(1))
    await store.writeTogether(files, { removing: ['other', 'kept'] })
    expect(await store.list()).toEqual(['kept', 'new'])
    expect(await store.read('kept')).toEqual(bytes(2))
    if (store.kind === 'disk') expect(await readdir(store.path)).toEqual(['kept', 'new'])
  })

  it('appends text and cuts it back', async () => {
    await store.append('log', 'one\n')
    await store.append('log', 'zwölf\n')
    expect(await store.size('log')).toBe(11)
    await store.truncate('log', 100)
    expect(await store.size('log')).toBe(11)
    await store.truncate('log', 4)
    expect(new TextDecoder().decode(await store.read('log'))).toBe('one\n')
  })

  it('says that a file is not there', async () => {
    for (const look of [() => store.read('x.npz'), () => store.size('x.npz')]) {
      await expect(look).rejects.toThrow(FileFormatError)
      await expect(look).rejects.toThrow(/x\.npz cannot be read: there is no such file/)
    }
  })

  it.each(['', '.', '..', 'a/b', '../a', 'a\\b', 'a\0'])('takes no name %j', async (name) => {
    await expect(async () => store.read(name)).rejects.toThrow(FileFormatError)
    await expect(store.writeAtomic(name, bytes(1))).rejects.toThrow(/without slashes/)
    await expect(store.writeAtomic('a', bytes(1), { removing: [name] })).rejects.toThrow(/without slashes/)
    await expect(store.append(name, '')).rejects.toThrow(FileFormatError)
    await expect(store.remove(name)).rejects.toThrow(FileFormatError)
  })

  it('puts bytes aside without showing them', async () => {
    const scratch = await store.scratch('codes')
    expect(await everything(scratch)).toEqual([])
    const piece = bytes(1, 2)
    await scratch.append(piece)
    await scratch.append(piece.fill(3))
    expect(scratch.size).toBe(4)
    expect(await everything(scratch)).toEqual([1, 2, 3, 3])
    expect(await everything(scratch)).toEqual([1, 2, 3, 3])
    expect(await store.list()).toEqual([])
    await scratch.dispose()
    expect(await store.list()).toEqual([])
  })
})

describe('a store on disk', () => {
  it('does not touch the disk before the first write', async () => {
    const store = node.openStore(join(folder, 'new'))
    await store.list()
    await store.exists('a')
    await store.sweep()
    expect(await readdir(folder)).toEqual([])
  })

  it('makes no place of a path that cannot be one', async () => {
    await expect(node.openStore('').writeAtomic('a', bytes(1))).rejects.toThrow(FileFormatError)
    await symlink(join(folder, 'nowhere'), join(folder, 'link'))
    await expect(node.openStore(join(folder, 'link', 'a')).writeAtomic('a', bytes(1))).rejects.toThrow(FileFormatError)
  })

  it('makes its place once when many write at once', async () => {
    const store = node.openStore(join(folder, 'a', 'b', 'c'))
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.writeAtomic(`f${i}`, bytes(i))))
    expect(await store.list()).toHaveLength(20)
  })

  it('leaves no temporary file behind, and hides and sweeps those of killed processes', async () => {
    const store = node.openStore(folder)
    await writeFile(join(folder, '.a.0123abcd.partial'), 'half')
    await mkdir(join(folder, 'sub'))
    await store.writeAtomic('a', bytes(1))
    expect(await store.list()).toEqual(['a', 'sub/'])
    await store.sweep()
    expect((await readdir(folder)).sort()).toEqual(['a', 'sub'])
  })

  it('reports a full disk by name and removes what it had written', async () => {
    const store = node.openStore(folder)
    async function* full() {
      yield bytes(1)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    const writing = store.writeAtomic('model.safetensors', full())
    await expect(writing).rejects.toThrow(FileFormatError)
    await expect(writing).rejects.toThrow(
      /model\.safetensors cannot be written: no space is left on the disk; free some/,
    )
    expect(await readdir(folder)).toEqual([])
  })

  // Other systems have no device that is always full.
  if (process.platform === 'linux') {
    it('reports a disk that is truly full', async () => {
      await symlink('/dev/full', join(folder, 'log'))
      await expect(node.openStore(folder).append('log', 'x')).rejects.toThrow(/log cannot be written: no space is left/)
    })
  }

  it('says that a file stands where a folder is needed', async () => {
    await writeFile(join(folder, 'file'), '')
    for (const path of ['file', join('file', 'below')]) {
      const store = node.openStore(join(folder, path))
      await expect(store.list()).rejects.toThrow(/is a file where a folder is needed/)
      await expect(store.exists('a')).rejects.toThrow(/file where a folder is needed/)
      await expect(store.read('a')).rejects.toThrow(/file where a folder is needed/)
      await expect(store.writeAtomic('a', bytes(1))).rejects.toThrow(/file where a folder is needed/)
      await expect(store.append('a', 'x')).rejects.toThrow(FileFormatError)
      await expect(store.scratch('codes')).rejects.toThrow(FileFormatError)
    }
  })

  it('says that a folder stands where a file is needed', async () => {
    await mkdir(join(folder, 'model'))
    const store = node.openStore(folder)
    await expect(store.read('model')).rejects.toThrow(/model cannot be read: it is a folder; name a file/)
    await expect(store.writeAtomic('model', bytes(1))).rejects.toThrow(/model cannot be written: it is a folder/)
    expect(await readdir(folder)).toEqual(['model'])
  })

  it('finds the folder and the name of a file', async () => {
    const { store, name } = node.locate(join(folder, 'codes.npz'))
    expect([store.path, name]).toEqual([folder, 'codes.npz'])
    expect(node.locate('codes.npz').store.path).toBe('.')
  })
})

describe('a store in a browser', () => {
  it('has the same exports as the one on disk', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort())
  })

  it('is the same place for the same path, and says that it is memory', async () => {
    await browser.openStore('runs/a').writeAtomic('x', bytes(1))
    expect(await browser.openStore('runs/a').read('x')).toEqual(bytes(1))
    expect(await browser.openStore('runs/b').exists('x')).toBe(false)
    expect(browser.openStore('runs/a').kind).toBe('memory')
    const { store, name } = browser.locate('runs/a/x')
    expect(await store.read(name)).toEqual(bytes(1))
    expect(browser.locate('x').name).toBe('x')
  })

  it('begins with and gives back copies of its files', async () => {
    const given = { a: bytes(1) }
    const store = memoryStore('m', given)
    given.a[0] = 2
    const files = store.files()
    expect(files).toEqual({ a: bytes(1) })
    files.a[0] = 3
    expect(await store.read('a')).toEqual(bytes(1))
  })
})
