import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { imageFiles, toColour, toGrey } from '../../src/data/imageFiles.js'
import { imageObservations } from '../../src/data/imageObservations.js'
import { decodeImage, encodePng, imageSize } from '../../src/data/pixels.node.js'
import { DataError, FileFormatError } from '../../src/tensor/errors.js'
import { rowsOf, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const ramp = Uint8Array.from({ length: 60 }, (_, i) => 4 * i)
const grey = () => sharp(ramp, { raw: { width: 10, height: 6, channels: 1 } }).toColourspace('b-w')
const rgb = () => sharp(ramp, { raw: { width: 5, height: 4, channels: 3 } })
const levels = (data: Float32Array) => [...data].map((value) => Math.round(value * 255))

describe('decodeImage', () => {
  it.each([
    ['png', () => grey().png(), () => rgb().png()],
    ['tiff', () => grey().tiff({ compression: 'lzw' }), () => rgb().tiff({ compression: 'deflate' })],
    ['webp', undefined, () => rgb().webp({ lossless: true })],
  ])('%s without loss', async (_, one, three) => {
    if (one !== undefined) {
      const decoded = await decodeImage(await one().toBuffer())
      expect(decoded.shape).toEqual([6, 10])
      expect(levels(decoded.data)).toEqual([...ramp])
    }
    const decoded = await decodeImage(await three().toBuffer())
    expect(decoded.shape).toEqual([4, 5, 3])
    expect(levels(decoded.data)).toEqual([...ramp])
  })

  it('JPEG closely, turned as its orientation says', async () => {
    const plain = await decodeImage(await grey().jpeg({ quality: 100 }).toBuffer())
    expect(plain.shape).toEqual([6, 10])
    for (const [i, level] of levels(plain.data).entries()) expect(Math.abs(level - ramp[i])).toBeLessThan(6)
    const bytes = await grey().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer()
    expect(await imageSize(bytes)).toEqual([10, 6])
    const turned = toGrey(await decodeImage(bytes))
    expect(turned.shape).toEqual([10, 6])
    // A quarter turn to the right: the first row was the left column, read upwards.
    for (let j = 0; j < 6; j++) expect(Math.abs(turned.data[j] - plain.data[(5 - j) * 10])).toBeLessThan(0.03)
  })

  it('16 bits keep their precision', async () => {
    const deep = Uint16Array.from({ length: 60 }, (_, i) => 1000 * i + 7)
    for (const channels of [1, 3] as const) {
      const image = sharp(deep, { raw: { width: 60 / (5 * channels), height: 5, channels } }).toColourspace(
        channels === 1 ? 'grey16' : 'rgb16',
      )
      const decoded = await decodeImage(await image.png().toBuffer())
      expect([...decoded.data].map((value) => Math.round(value * 65535))).toEqual([...deep])
    }
  })

  it('white shows through what is transparent', async () => {
    const rgba = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128, 255, 0, 0, 255)
    const decoded = await decodeImage(
      await sharp(rgba, { raw: { width: 2, height: 2, channels: 4 } })
        .png()
        .toBuffer(),
    )
    const [clear, black, half, red] = [0, 1, 2, 3].map((pixel) => levels(decoded.data.slice(3 * pixel, 3 * pixel + 3)))
    expect([clear, black, red]).toEqual([
      [255, 255, 255],
      [0, 0, 0],
      [255, 0, 0],
    ])
    expect(Math.abs(half[0] - 127)).toBeLessThanOrEqual(1)
  })

  it('says what cannot be read', async () => {
    await expect(decodeImage(new Uint8Array(0), 'x.png')).rejects.toThrow(/x\.png is empty/)
    await expect(decodeImage(new TextEncoder().encode('<svg/>'), 'x.svg')).rejects.toThrow(
      /not a PNG, JPEG, WebP or TIFF/,
    )
    const png = new Uint8Array(await grey().png().toBuffer())
    await expect(decodeImage(png.subarray(0, 60), 'x.png')).rejects.toThrow(/x\.png is a damaged image/)
  })

  it('refuses a header that promises too many pixels before it decodes any', async () => {
    const png = new Uint8Array(await grey().png().toBuffer())
    const view = new DataView(png.buffer, png.byteOffset)
    view.setUint32(16, 60_000)
    view.setUint32(20, 60_000)
    await expect(decodeImage(png)).rejects.toThrow(FileFormatError)
    await expect(imageSize(png)).rejects.toThrow(FileFormatError)
  })
})

describe('encodePng', () => {
  it.each([1, 3, 4] as const)('%i channels come back as they were', async (channels) => {
    const pixels = Uint8Array.from({ length: 12 * channels }, (_, i) =>
      channels === 4 && i % 4 === 3 ? 255 : (i * 7) % 256,
    )
    const png = await encodePng({ width: 4, height: 3, channels, pixels })
    const metadata = await sharp(png).metadata()
    expect([metadata.format, metadata.width, metadata.height, metadata.channels]).toEqual(['png', 4, 3, channels])
    if (channels === 4) expect([...(await sharp(png).raw().toBuffer())]).toEqual([...pixels])
    else expect(levels((await decodeImage(png)).data)).toEqual([...pixels])
  })
})

describe('grey and colour', () => {
  it('weigh red, green and blue as ITU-R BT.601 does, and keep greys', () => {
    const image = { shape: [1, 4, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0.5) }
    const [red, green, blue, middle] = toGrey(image).data
    expect([red, green, blue, middle].map((value) => Math.round(value * 1000) / 1000)).toEqual([
      0.299, 0.587, 0.114, 0.5,
    ])
    expect(toGrey(toColour(toGrey(image)))).toMatchObject({ shape: [1, 4] })
    const [there, back] = [toGrey(image), toGrey(toColour(toGrey(image)))]
    for (let i = 0; i < 4; i++) expect(Math.abs(there.data[i] - back.data[i])).toBeLessThan(1e-6)
  })
})

describe('images as observations', () => {
  const write = async (name: string, width: number, height: number) => {
    const path = join(folder, name)
    writeFileSync(
      path,
      await sharp({ create: { width, height, channels: 3, background: '#808080' } })
        .png()
        .toBuffer(),
    )
    return path
  }

  it('have the size of the first; another size is named before any pass', async () => {
    const same = [await write('a.png', 4, 3), await write('b.png', 4, 3)]
    const observations = await imageObservations(imageFiles(same))
    expect(observations).toMatchObject({ count: 2, shape: [3, 4] })
    expect((await rowsOf(observations))[1][0]).toBeCloseTo(128 / 255, 6)
    const images = imageFiles([...same, await write('c.png', 5, 3)], { name: 'mine' })
    await expect(imageObservations(images)).rejects.toThrow(
      /mine holds images of unequal sizes: a\.png is 3×4, c\.png is 3×5.*patches/,
    )
    const { size: _, ...withoutSize } = images
    await expect(imageObservations(withoutSize).then(rowsOf)).rejects.toThrow(/unequal sizes/)
  })

  it('are read one at a time, by index', async () => {
    const images = imageFiles([await write('d.png', 2, 2)], { colour: true })
    expect(images).toMatchObject({ count: 1, channels: 3 })
    expect(images.label(0)).toBe('d.png')
    expect((await images.image(0)).shape).toEqual([2, 2, 3])
    await expect(images.image(1)).rejects.toThrow(/has 1 \(0 to 0\)/)
    expect(() => imageFiles([])).toThrow(DataError)
    const missing = imageFiles([join(folder, 'gone.png')])
    await expect(missing.image(0)).rejects.toThrow(/gone\.png cannot be read: there is no such file/)
  })
})
