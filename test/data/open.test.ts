import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { packData } from '../../scripts/packData.js'
import { writeIdx } from '../../src/data/idx.js'
import { npyHeader } from '../../src/data/npy.js'
import { namedSources, openSource } from '../../src/data/open.js'
import { ConfigurationError, DataError, FileFormatError } from '../../src/tensor/errors.js'
import { fixture, fixtureBytes, realRows, rowsOf, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const path = (name: string) => join(folder, name)

beforeAll(async () => {
  await packData()
})

/** Opens observations; fails where they are images. */
async function observationsOf(source: Parameters<typeof openSource>[0], options?: Parameters<typeof openSource>[1]) {
  const opened = await openSource(source, options)
  if (opened.kind !== 'observations') throw new Error('images came')
  return opened
}

async function imagesOf(source: string, options?: Parameters<typeof openSource>[1]) {
  const opened = await openSource(source, options)
  if (opened.kind !== 'images') throw new Error('observations came')
  return opened.images
}

describe('an array that is named where there are none to choose from', () => {
  it('is refused before anything is read, with what to leave out', async () => {
    const grey = { width: 6, height: 6, channels: 1 as const }
    mkdirSync(path('unnamed'))
    await sharp(Buffer.alloc(36), { raw: grey }).png().toFile(path('unnamed/picture.png'))
    writeFileSync(path('unnamed.idx'), writeIdx([2, 2, 2], new Uint8Array(8)))
    copyFileSync(fixture('little-f4.npy'), path('unnamed.npy'))
    writeFileSync(path('unnamed.npy.gz'), gzipSync(fixtureBytes('little-f4.npy')))
    const files = ['unnamed.npy', 'unnamed.idx', 'unnamed.npy.gz', 'unnamed/picture.png']
    const sources = ['digits', 'photographs:colour', 'mnist:test', 'mnist:nowhere', 'dead-leaves', 'planted', '-']
    for (const source of [...sources, ...files.map(path), path('unnamed'), path('unnamed/*.png')]) {
      const opening = openSource(source, { array: 'values' })
      await expect(opening, source).rejects.toThrow(ConfigurationError)
      await expect(opening, source).rejects.toThrow(/has no array or column "values".*leave --array or #values out/)
    }
    for (const file of files) {
      await expect(openSource(`${path(file)}#values`)).rejects.toThrow(/has no array or column "values"/)
    }
    copyFileSync(fixture('several.npz'), path('unnamed.npz'))
    await expect(openSource(`${path('unnamed.npz')}#first`, { array: 'second' })).rejects.toThrow(
      /unnamed\.npz#first names an array, and so does --array second; leave one/,
    )
  })
})

describe('a folder of folders', () => {
  it('is refused with the pattern that names their images', async () => {
    mkdirSync(path('kinds/rose'), { recursive: true })
    const grey = { width: 6, height: 6, channels: 1 as const }
    await sharp(Buffer.alloc(36), { raw: grey }).png().toFile(path('kinds/rose/one.png'))
    await expect(openSource(path('kinds'))).rejects.toThrow(
      /not looked into.* pattern, for example .*kinds\/\*\/\*\.png/,
    )
    expect((await imagesOf(path('kinds/*/*.png'))).count).toBe(1)
  })
})

describe('sources with a name', () => {
  it('digits, with labels', async () => {
    const { observations, labels } = await observationsOf('digits')
    expect(observations).toMatchObject({ name: 'digits', count: 10_000, shape: [28, 28] })
    expect(labels?.length).toBe(10_000)
  })

  it('photographs, grey and in colour', async () => {
    expect((await imagesOf('photographs')).channels).toBe(1)
    for (const source of ['photographs:colour', 'photographs:color']) expect((await imagesOf(source)).channels).toBe(3)
    expect((await imagesOf('photographs', { colour: true })).channels).toBe(3)
    await expect(openSource('photographs:coluor')).rejects.toThrow(/did you mean photographs:colour/)
  })

  it('dead leaves and planted codes, by seed', async () => {
    const [one, other] = [await imagesOf('dead-leaves', { seed: 1 }), await imagesOf('dead-leaves', { seed: 2 })]
    expect(await one.image(0)).not.toEqual(await other.image(0))
    const { observations } = await observationsOf('planted')
    expect(observations).toMatchObject({ count: 20_000, shape: [64] })
  })

  it('mnist from a folder', async () => {
    const here = path('mnist')
    mkdirSync(here)
    for (const [part, count] of [
      ['train', 5],
      ['t10k', 3],
    ] as const) {
      writeFileSync(
        join(here, `${part}-images-idx3-ubyte.gz`),
        gzipSync(writeIdx([count, 2, 2], new Uint8Array(4 * count))),
      )
      writeFileSync(join(here, `${part}-labels-idx1-ubyte`), writeIdx([count], new Uint8Array(count)))
    }
    expect((await observationsOf(`mnist:${here}`)).observations.count).toBe(5)
    expect((await observationsOf(`mnist:${here}:test`)).labels?.length).toBe(3)
    await expect(openSource(`mnist:${here}/absent`)).rejects.toThrow(/names no folder/)
    await expect(openSource('mnist:tset')).rejects.toThrow(/did you mean mnist:test\?/)
  })

  it('misspelt get a suggestion, others the list', async () => {
    await expect(openSource('digts')).rejects.toThrow(/no source or file digts; did you mean digits\?/)
    await expect(openSource('photograph:colour')).rejects.toThrow(/did you mean photographs/)
    await expect(openSource('zebra')).rejects.toThrow(/no file or folder zebra.*digits.*planted/)
    await expect(openSource('')).rejects.toThrow(ConfigurationError)
    expect(Object.keys(namedSources)).toContain('digits')
  })
})

describe('files', () => {
  it.each([
    ['little-f4.npy', {}],
    ['stored.npz', {}],
    ['deflated.npz', {}],
    ['list.parquet', {}],
    ['several.npz#first', {}],
    ['several.npz', { array: 'first' }],
    ['two.parquet#a', {}],
  ])('%s', async (name, options) => {
    expect(await rowsOf((await observationsOf(fixture(name), options)).observations)).toEqual(realRows)
  })

  it('are told by how they begin, not by their name', async () => {
    copyFileSync(fixture('little-f4.npy'), path('picture.png'))
    copyFileSync(fixture('list.parquet'), path('table.npy'))
    writeFileSync(path('array.gz'), gzipSync(fixtureBytes('little-f4.npy')))
    writeFileSync(path('digits'), writeIdx([2, 3], new Uint8Array(6)))
    for (const name of ['picture.png', 'table.npy', 'array.gz']) {
      expect(await rowsOf((await observationsOf(path(name))).observations)).toEqual(realRows)
    }
    expect((await observationsOf(path('digits'))).observations.count).toBe(2)
    expect((await observationsOf(fixtureBytes('little-f4.npy'))).observations.count).toBe(50)
    expect(
      (await observationsOf(new Blob([fixtureBytes('list.parquet') as Uint8Array<ArrayBuffer>]))).observations.count,
    ).toBe(50)
  })

  it('of no known kind say so', async () => {
    writeFileSync(path('text.npy'), 'hello, world')
    await expect(openSource(path('text.npy'))).rejects.toThrow(
      /not of a kind that can be read \(it is named \.npy, but does not begin like one\)/,
    )
    writeFileSync(path('empty.parquet'), '')
    await expect(openSource(path('empty.parquet'))).rejects.toThrow(/is empty/)
    writeFileSync(path('text.gz'), gzipSync('hello, world'))
    await expect(openSource(path('text.gz'))).rejects.toThrow(/neither IDX nor npy/)
  })
})

describe('images', () => {
  const png = (tone: number) =>
    sharp({ create: { width: 4, height: 3, channels: 3, background: { r: tone, g: tone, b: 0 } } })
      .png()
      .toBuffer()

  beforeAll(async () => {
    mkdirSync(path('pictures'))
    for (const name of ['b.png', 'a.png', 'c.jpg']) writeFileSync(path(`pictures/${name}`), await png(100))
    writeFileSync(path('pictures/notes.txt'), 'about these')
  })

  it('in a folder, by a pattern, or one', async () => {
    const images = await imagesOf(path('pictures'))
    expect([0, 1, 2].map((i) => images.label(i))).toEqual(['a.png', 'b.png', 'c.jpg'])
    expect((await images.image(0)).shape).toEqual([3, 4])
    expect((await imagesOf(`${folder.replaceAll('\\', '/')}/pictures/*.png`, { colour: true })).count).toBe(2)
    expect((await imagesOf(path('pictures/a.png'))).count).toBe(1)
  })

  it('mixed with other data, or none, say what to name', async () => {
    await expect(openSource(`${folder.replaceAll('\\', '/')}/pictures/*`)).rejects.toThrow(
      /mixes images with notes\.txt/,
    )
    await expect(openSource(`${folder.replaceAll('\\', '/')}/pictures/*.gif`)).rejects.toThrow(/No file matches/)
    mkdirSync(path('nothing'))
    await expect(openSource(path('nothing'))).rejects.toThrow(DataError)
    copyFileSync(fixture('little-f4.npy'), path('nothing/a.npy'))
    await expect(openSource(path('nothing'))).rejects.toThrow(/no images, but a\.npy/)
    await expect(openSource(path('mnist'))).rejects.toThrow(/use mnist:/)
    await expect(openSource(`${folder.replaceAll('\\', '/')}/*.unknown`)).rejects.toThrow(FileFormatError)
  })
})

describe('standard input', () => {
  const piped = async <T>(bytes: Uint8Array, run: () => Promise<T>): Promise<T> => {
    const real = Object.getOwnPropertyDescriptor(process, 'stdin')!
    const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) =>
      Buffer.from(bytes.subarray(1000 * i, 1000 * i + 1000)),
    )
    Object.defineProperty(process, 'stdin', { value: Readable.from(pieces), configurable: true })
    try {
      return await run()
    } finally {
      Object.defineProperty(process, 'stdin', real)
    }
  }

  it('is npy; what is small can be walked through again', async () => {
    await piped(fixtureBytes('little-f4.npy'), async () => {
      const { observations } = await observationsOf('-')
      expect(observations).toMatchObject({ name: 'standard input', count: 50 })
      expect(await rowsOf(observations)).toEqual(realRows)
      expect(await rowsOf(observations)).toEqual(realRows)
    })
  })

  it('cut short or of another kind is an error', async () => {
    await piped(fixtureBytes('little-f4.npy').subarray(0, 1000), () =>
      expect(openSource('-')).rejects.toThrow(/standard input.*cut short/),
    )
    await piped(new TextEncoder().encode('hello, world'), () =>
      expect(openSource('-')).rejects.toThrow(/standard input is not an npy file/),
    )
    await piped(new Uint8Array(0), () => expect(openSource('-')).rejects.toThrow(/^standard input is empty/))
  })

  it('that is large comes once', async () => {
    const rows = 1100
    const header = npyHeader('<f4', [rows, 16384])
    const large = new Uint8Array(header.length + rows * 65536)
    large.set(header)
    await piped(large, async () => {
      const { observations } = await observationsOf('-')
      let seen = 0
      for await (const batch of observations.batches({ batchSize: 500, seed: 1 })) seen += batch.shape[0]
      expect(seen).toBe(rows)
      await expect(rowsOf(observations)).rejects.toThrow(/only once.*Save it to a file/)
    })
  })
})
