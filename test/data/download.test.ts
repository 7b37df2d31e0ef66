import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { download, sha256 } from '../../src/data/download.js'
import { writeIdx } from '../../src/data/idx.js'
import { mnist, openMnist } from '../../src/data/mnist.js'
import { CancelledError, ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { rowsOf, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const random = rng(1)
const content = writeIdx(
  [60, 10, 10],
  Uint8Array.from({ length: 6000 }, () => random.integer(256)),
)
const labels = writeIdx(
  [60],
  Uint8Array.from({ length: 60 }, (_, i) => i % 10),
)
const packed = gzipSync(content)

let server: Server
let address: string
/** How the server answers; every request is kept. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
const requests: { url: string; range: string | undefined }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range })
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => server.close())
afterEach(() => {
  requests.length = 0
})

const honest = (bytes: Uint8Array) => (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from >= bytes.length) return void response.writeHead(416).end()
  response.writeHead(from > 0 ? 206 : 200, {
    'Content-Length': bytes.length - from,
    ...(from > 0 && { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  })
  response.end(bytes.subarray(from))
}
/** Sends so many bytes of what is asked for, then hangs up. */
const broken = (bytes: Uint8Array, some: number) => (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(from > 0 ? 206 : 200, {
    'Content-Length': bytes.length - from,
    ...(from > 0 && { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  })
  response.write(bytes.subarray(from, from + some), () => setTimeout(() => response.destroy(), 20))
}

let number = 0
const target = (): string => {
  const here = join(folder, `${number++}`)
  mkdirSync(here)
  return join(here, 'file')
}
const known = async (bytes: Uint8Array = content) => ({
  url: `${address}file.gz`,
  bytes: bytes.length,
  sha256: await sha256(bytes),
})
const quick = { pause: 1, retries: 3 }

describe('download', () => {
  it('fetches, inflates and checks, and tells how far it is', async () => {
    answer = honest(packed)
    const path = target()
    const progress: [number, number | undefined][] = []
    await download(await known(), path, { ...quick, onProgress: (received, total) => progress.push([received, total]) })
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
    expect(readdirSync(join(path, '..'))).toEqual(['file'])
    expect(progress.at(-1)).toEqual([packed.length, packed.length])
    expect(requests.length).toBe(1)
  })

  it('takes a file that is not gzip as well', async () => {
    answer = honest(content)
    const path = target()
    await download(await known(), path, quick)
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
  })

  it('takes up a broken connection where it ended', async () => {
    answer = broken(packed, 1500)
    const path = target()
    await download(await known(), path, { pause: 1, retries: 20 })
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
    expect(requests.length).toBeGreaterThan(2)
    expect(requests[1].range).toMatch(/^bytes=\d+-$/)
  })

  it('keeps what arrived when it gives up, and goes on from there the next time', async () => {
    answer = broken(packed, 1000)
    const path = target()
    await expect(download(await known(), path, { pause: 1, retries: 0 })).rejects.toThrow(
      /cannot be fetched.*run again/,
    )
    expect(existsSync(path)).toBe(false)
    const kept = readFileSync(`${path}.part`).length
    expect(kept).toBeGreaterThan(0)
    answer = honest(packed)
    requests.length = 0
    await download(await known(), path, quick)
    expect(requests).toEqual([{ url: '/file.gz', range: `bytes=${kept}-` }])
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
  })

  it('begins again where the server ignores the range', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': packed.length })
      response.end(packed)
    }
    const path = target()
    writeFileSync(`${path}.part`, packed.subarray(0, 700))
    await download(await known(), path, quick)
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
  })

  it('finds a part that is already whole', async () => {
    answer = honest(packed)
    const path = target()
    writeFileSync(`${path}.part`, packed)
    await download(await known(), path, quick)
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
  })

  it('begins again, once, where an old part belongs to another file', async () => {
    answer = honest(packed)
    const path = target()
    writeFileSync(`${path}.part`, new Uint8Array(500).fill(7))
    await download(await known(), path, quick)
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
    expect(requests.map(({ range }) => range)).toEqual(['bytes=500-', undefined])
  })

  it('refuses a file with another hash or size, and leaves nothing', async () => {
    const path = target()
    const wrong = content.slice()
    wrong[50] ^= 1
    for (const bytes of [
      gzipSync(wrong),
      gzipSync(content.subarray(0, 5000)),
      gzipSync(Uint8Array.from([...content, 1])),
      new TextEncoder().encode('<html>'),
    ]) {
      answer = honest(bytes)
      await expect(download(await known(), path, quick)).rejects.toThrow(/mirror|cut short/)
      expect(readdirSync(join(path, '..'))).toEqual([])
    }
  })

  it('stops a server that never ends', async () => {
    answer = (_, response) => {
      response.writeHead(200)
      const more = (): void => {
        if (!response.destroyed) response.write(new Uint8Array(65536), () => setImmediate(more))
      }
      more()
    }
    await expect(download(await known(), target(), quick)).rejects.toThrow(/longer than the file it should be/)
  })

  it('gives up on a server that falls silent', async () => {
    const open: ServerResponse[] = []
    answer = (_, response) => {
      open.push(response)
      response.writeHead(200, { 'Content-Length': packed.length })
      response.write(packed.subarray(0, 100))
    }
    const silent = download(await known(), target(), { pause: 1, retries: 0, patience: 50 })
    await expect(silent).rejects.toThrow(/nothing came for a long time/)
    for (const response of open) response.destroy()
  })

  it('says what the server answered', async () => {
    const path = target()
    answer = (_, response) => void response.writeHead(404).end('no')
    await expect(download(await known(), path, quick)).rejects.toThrow(/404.*another mirror/)
    expect(requests.length).toBe(1)
    answer = (_, response) => void response.writeHead(503).end('later')
    await expect(download(await known(), path, quick)).rejects.toThrow(/503/)
    expect(requests.length).toBe(5)
    await expect(download({ ...(await known()), url: 'http://127.0.0.1:1/file.gz' }, path, quick)).rejects.toThrow(
      FileFormatError,
    )
    await expect(download({ ...(await known()), url: 'no address' }, path, quick)).rejects.toThrow(ConfigurationError)
  })

  it('can be stopped, and keeps what arrived', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': packed.length })
      response.write(packed.subarray(0, 2000))
    }
    const path = target()
    const controller = new AbortController()
    const stopped = download(await known(), path, {
      ...quick,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    await expect(stopped).rejects.toThrow(CancelledError)
    expect(readFileSync(`${path}.part`).length).toBeGreaterThan(0)
    expect(existsSync(path)).toBe(false)
  })
})

describe('mnist', () => {
  const files = async () => ({
    images: { name: 'some-images-idx3-ubyte', bytes: content.length, sha256: await sha256(content) },
    labels: { name: 'some-labels-idx1-ubyte', bytes: labels.length, sha256: await sha256(labels) },
  })

  it('is downloaded once, checked and kept', async () => {
    answer = (request, response) =>
      honest(gzipSync(request.url?.includes('labels') ? labels : content))(request, response)
    const cache = join(folder, 'cache')
    for (const mirror of [`${address}mnist`, `${address}mnist/`]) {
      const { observations, labels: classes } = await openMnist(await files(), { cache, mirror })
      expect(observations).toMatchObject({ name: 'mnist', count: 60, shape: [10, 10] })
      expect([...classes.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
      expect((await rowsOf(observations))[0][1]).toBeCloseTo(content[17] / 255, 6)
    }
    expect(requests.map(({ url }) => url)).toEqual([
      '/mnist/some-images-idx3-ubyte.gz',
      '/mnist/some-labels-idx1-ubyte.gz',
    ])
  })

  it('is fetched again where the kept file was damaged', async () => {
    answer = (request, response) =>
      honest(gzipSync(request.url?.includes('labels') ? labels : content))(request, response)
    const cache = join(folder, 'damaged')
    await openMnist(await files(), { cache, mirror: address })
    const damaged = content.slice()
    damaged[100] ^= 1
    writeFileSync(join(cache, 'some-images-idx3-ubyte'), damaged)
    requests.length = 0
    await openMnist(await files(), { cache, mirror: address })
    expect(requests.length).toBe(1)
    expect(new Uint8Array(readFileSync(join(cache, 'some-images-idx3-ubyte')))).toEqual(content)
  })

  it('takes its mirror from the environment', async () => {
    answer = (_, response) => void response.writeHead(404).end()
    process.env.ENERGIA_MNIST_MIRROR = `${address}here/`
    try {
      await expect(mnist({ cache: join(folder, 'environment') })).rejects.toThrow(
        /here\/train-images-idx3-ubyte\.gz.*404/,
      )
    } finally {
      delete process.env.ENERGIA_MNIST_MIRROR
    }
  })

  it('says what else can be named where the folder for downloads takes none', async () => {
    const file = join(folder, 'no-folder')
    writeFileSync(file, '')
    const [home, cache] = [process.env.HOME, process.env.XDG_CACHE_HOME]
    Object.assign(process.env, { HOME: file, XDG_CACHE_HOME: file, LOCALAPPDATA: file })
    try {
      await expect(mnist({ mirror: address })).rejects.toThrow(/cannot be written.*mnist:FOLDER.*XDG_CACHE_HOME/)
      await expect(mnist({ mirror: address, cache: join(file, 'own') })).rejects.toThrow(/cannot be written: [^.]*\.$/)
    } finally {
      for (const [name, value] of Object.entries({ HOME: home, XDG_CACHE_HOME: cache, LOCALAPPDATA: undefined })) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
    expect(requests).toEqual([])
  })

  it('checks what a mirror sends against the hash of the real file', async () => {
    answer = honest(gzipSync(new Uint8Array(7_840_016)))
    const cache = join(folder, 'fake')
    await expect(mnist({ split: 'test', cache, mirror: address })).rejects.toThrow(/0fa7898d/)
    expect(readdirSync(cache)).toEqual([])
  })

  it('reads a folder with files as they are or in gzip, whatever stands in it', async () => {
    const here = join(folder, 'own')
    mkdirSync(here)
    writeFileSync(join(here, 'train-images-idx3-ubyte.gz'), packed)
    await expect(mnist({ folder: here })).rejects.toThrow(/neither train-labels-idx1-ubyte nor/)
    writeFileSync(join(here, 'train-labels.idx1-ubyte'), labels)
    expect((await mnist({ folder: here })).observations.count).toBe(60)
    writeFileSync(join(here, 'train-labels.idx1-ubyte'), writeIdx([59], new Uint8Array(59)))
    await expect(mnist({ folder: here })).rejects.toThrow(/59 labels for 60 images/)
    expect(requests).toEqual([])
  })
})
