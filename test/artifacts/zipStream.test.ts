import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { zipStore, zipStream } from '../../src/artifacts/zipStream.js'
import { bytesHandle } from '../../src/data/fileHandle.js'
import { zipMembers } from '../../src/data/zip.js'
import { CancelledError } from '../../src/tensor/errors.js'

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: number[] = []
  for await (const piece of pieces) all.push(...piece)
  return Uint8Array.from(all)
}

describe('a stream of a zip archive', () => {
  it('holds every file of a store', async () => {
    const files = { 'a.txt': Uint8Array.of(1, 2), empty: new Uint8Array(0), 'ü.bin': new Uint8Array(100_000).fill(7) }
    const zip = await zipStore(memoryStore('run', files))
    const members = await zipMembers(async () => bytesHandle(zip))
    const found = await Promise.all(
      members.map(async ({ name, source }) => [name, await collect(source.stream())] as const),
    )
    expect(Object.fromEntries(found)).toEqual(files)
  })

  it('of no files is an archive too', async () => {
    expect(await zipMembers(async () => bytesHandle(new Uint8Array(0))).catch(() => 'refused')).toBe('refused')
    const zip = await zipStore(memoryStore('run'))
    expect(await zipMembers(async () => bytesHandle(zip))).toEqual([])
  })

  it('throws what reading a file throws', async () => {
    const parts = [
      {
        name: 'a',
        async *pieces() {
          yield new Uint8Array(10)
          throw new CancelledError('Stopped.')
        },
      },
    ]
    await expect(collect(zipStream(parts))).rejects.toThrow(CancelledError)
  })

  it('stops reading when nobody reads it any more', async () => {
    let closed = false
    const endless = {
      name: 'a',
      async *pieces() {
        try {
          for (;;) yield new Uint8Array(1 << 16)
        } finally {
          closed = true
        }
      },
    }
    let pieces = 0
    for await (const piece of zipStream([endless])) {
      expect(piece.length).toBeGreaterThan(0)
      if (++pieces === 5) break
    }
    expect(closed).toBe(true)
  })
})
