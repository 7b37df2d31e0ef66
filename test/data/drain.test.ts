import { expect, it } from 'vitest'
import { drain } from '../../src/data/drain.js'
import { FileFormatError } from '../../src/tensor/errors.js'

/** A stream, and work that writes `pieces` into it and then does `last`. */
function filled(pieces: number, last: () => void = () => {}) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  let ended = false
  const work = async (): Promise<void> => {
    const writer = writable.getWriter()
    try {
      for (let i = 0; i < pieces; i++) await writer.write(Uint8Array.of(i))
      last()
      await writer.close()
    } catch (error) {
      await writer.abort(error).catch(() => {})
      throw error
    } finally {
      ended = true
    }
  }
  return { readable, work: work(), ended: () => ended }
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<number[]> {
  const bytes: number[] = []
  for await (const piece of pieces) bytes.push(...piece)
  return bytes
}

const fail = (error: Error) => () => {
  throw error
}

it('gives every piece, and waits for the work', async () => {
  const { readable, work, ended } = filled(5)
  expect(await all(drain(readable, work))).toEqual([0, 1, 2, 3, 4])
  expect(ended()).toBe(true)
})

it('ends the work of a reader that leaves early', async () => {
  const { readable, work, ended } = filled(1000)
  for await (const piece of drain(readable, work)) {
    expect([...piece]).toEqual([0])
    break
  }
  expect(ended()).toBe(true)
})

it('names foreign errors anew, and leaves those of Energia as they are', async () => {
  const failed = (error: unknown) => new FileFormatError(`x is damaged (${(error as Error).message}).`)
  const foreign = filled(2, fail(new Error('bad block')))
  await expect(all(drain(foreign.readable, foreign.work, { failed }))).rejects.toThrow('x is damaged (bad block).')
  const own = filled(2, fail(new FileFormatError('the disk is gone')))
  await expect(all(drain(own.readable, own.work, { failed }))).rejects.toThrow('the disk is gone')
})

it('fails where the work fails after the stream has ended', async () => {
  const { readable, work } = filled(1)
  const checked = work.then(fail(new Error('wrong checksum')))
  await expect(all(drain(readable, checked))).rejects.toThrow('wrong checksum')
})
