import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openSource, psnr, readNpyTensor, sparseCoding, type Tensor, toPng, writeNpy } from '../../src/index.js'
import { noisy, randomMask, stripedImage } from '../restoration/pictures.js'
import { commands } from './command.js'
import { contentsOf, events, files, npy, temporaryFolder } from './support.js'

const { command, noted } = commands()
const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)

/** An image as a PNG. */
const pngOf = ({ shape: [height, width, channels = 1], data }: Tensor): Promise<Uint8Array> =>
  toPng({
    height,
    width,
    channels: channels as 1 | 3,
    pixels: Uint8Array.from(data, (value) => Math.max(0, Math.min(255, Math.round(255 * value)))),
  })

async function imageOf(path: string, colour = false): Promise<Tensor> {
  const opened = await openSource(path, { colour })
  if (opened.kind !== 'images') throw new Error(`${path} is no image`)
  return opened.images.image(0)
}

/** A PNG whose header promises another width and height. */
function sized(png: Uint8Array, side: number): Uint8Array {
  const bytes = Uint8Array.from(png)
  const view = new DataView(bytes.buffer)
  view.setUint32(16, side)
  view.setUint32(20, side)
  let check = 0xffffffff
  for (const byte of bytes.subarray(12, 29)) {
    check ^= byte
    for (let bit = 0; bit < 8; bit++) check = (check >>> 1) ^ (check & 1 ? 0xedb88320 : 0)
  }
  view.setUint32(29, ~check)
  return bytes
}

const clean = stripedImage(40, 44)
const mask = randomMask([40, 44], 0.4)
let data: Record<string, string>
beforeAll(async () => {
  data = files(folder, {
    'clean.png': await pngOf(clean),
    'noisy.png': await pngOf(noisy(clean, 0.1)),
    'colour.png': await pngOf(noisy(stripedImage(24, 20, 3), 0.1)),
    'mask.png': await pngOf(mask),
    'mask.npy': writeNpy(mask),
    'masks.npy': npy([2, 40, 44], new Array(3520).fill(1)),
    'small.png': await pngOf(stripedImage(5, 44)),
    'flat.png': await pngOf({ shape: [12, 12], data: new Float32Array(144).fill(0.5) }),
    'vast.png': sized(await pngOf(stripedImage(5, 44)), 60_000),
    'rows.npy': npy([4, 40]),
  })
  files(folder, { 'black.png': await pngOf({ shape: [40, 44], data: new Float32Array(1760) }) })
  data['black.png'] = at('black.png')
})

const few = ['--atoms', '24', '--overwrite']

describe('energia denoise', () => {
  it('writes the restored image, measures it, and draws before and after', async () => {
    const args = [data['noisy.png'], '--clean', data['clean.png'], '--sigma', '25.5', ...few]
    const told = await command('denoise', ...args, '--out', at('a.png'), '--picture', at('both.png'))
    const restored = await imageOf(at('a.png'))
    expect(restored.shape).toEqual([40, 44])
    const [, before, after] = /PSNR before +([\d.]+) dB\nPSNR after +([\d.]+) dB/.exec(told) ?? []
    expect(Number(after)).toBeGreaterThan(Number(before) + 3)
    expect(psnr(await imageOf(data['clean.png']), restored)).toBeCloseTo(Number(after), 1)
    expect(told).toContain(at('a.png'))
    const { shape } = await imageOf(at('both.png'))
    expect(shape[1]).toBeGreaterThan(3 * 200)
  })

  it('makes trials: noise is added, and the image as it was is the measure', async () => {
    const args = [data['clean.png'], '--add-noise', '20', '--seed', '3', ...few, '--json']
    const told = events(await command('denoise', ...args, '--out', at('b.npy')))
    const done = told.at(-1)
    expect(done).toMatchObject({ event: 'done', sigma: 20, atoms: 24, out: at('b.npy') })
    expect(Number(done?.before)).toBeCloseTo(20 * Math.log10(255 / 20), 0)
    expect(Number(done?.after)).toBeGreaterThan(Number(done?.before) + 3)
    expect(told.filter(({ event }) => event === 'progress').length).toBeGreaterThan(1)
    const first = readFileSync(at('b.npy'))
    expect((await readNpyTensor(at('b.npy'))).shape).toEqual([40, 44])
    await command('denoise', ...args, '--threads', '1', '--out', at('b.npy'))
    expect(readFileSync(at('b.npy'))).toEqual(first)
  })

  it('keeps colours, unless grey is asked for, and takes the middle', async () => {
    const args = [data['colour.png'], '--sigma', '25', '--crop', '16x12', '--patch', '5', ...few]
    await command('denoise', ...args, '--out', at('c.npy'))
    expect((await readNpyTensor(at('c.npy'))).shape).toEqual([16, 12, 3])
    await command('denoise', ...args, '--grey', '--out', at('c.npy'))
    expect((await readNpyTensor(at('c.npy'))).shape).toEqual([16, 12])
  })

  it('takes a photograph that ships by its number, and a dictionary from a run', async () => {
    const model = await sparseCoding({ atoms: 16, lambda: 0.1, patch: 6, patchesPerEpoch: 500 }).fit(
      (await openImages('photographs')).images,
      { epochs: 1 },
    )
    await model.save(at('run'))
    model.dispose()
    const args = ['photographs', '--image', '2', '--crop', '40', '--add-noise', '25', '--dictionary', at('run')]
    const told = await command('denoise', ...args, '--out', at('d.png'))
    expect(told).toMatch(/dictionary +16 +of 6×6/)
  })

  it('refuses what cannot be, in words that help, before anything is written', async () => {
    const out = ['--out', at('never.png')]
    const before = contentsOf(folder)
    const refused = (args: string[], words: RegExp) => expect(command('denoise', ...args)).rejects.toThrow(words)
    await refused([data['noisy.png'], '--out', at('never.gif')], /\.png or \.npy/)
    await refused([data['noisy.png'], '--out', data['noisy.png'], '--overwrite'], /what is read from/)
    await refused([data['noisy.png'], ...out, '--picture', at('never.png')], /two names/)
    await refused([data['noisy.png'], ...out, '--picture', at('never.svg')], /ends in \.png/)
    await refused([data['noisy.png'], ...out, '--clean', data['colour.png']], /40×44.*the same picture/)
    await refused([data['noisy.png'], ...out, '--clean', data['clean.png'], '--add-noise', '3'], /leave --clean out/)
    await refused([data['noisy.png'], ...out, '--crop', '50'], /fewer than --crop/)
    await refused([data['noisy.png'], ...out, '--lambda', '1'], /λ is of the lasso/)
    await refused([data['small.png'], ...out], /smaller than a patch/)
    await refused(
      [data['noisy.png'], ...out, '--patch', '100'],
      /40×44.*a patch of 100×100; use smaller patches.*--patch 8/,
    )
    await refused([data['noisy.png'], ...out, '--sigma', '1e300'], /sigma must be a number above 0, and no more than/)
    await refused([data['noisy.png'], ...out, '--image', '1'], /one image, number 0; --image 1 is none of them/)
    await refused([data['flat.png'], ...out], /No noise is to be seen.*--sigma/)
    await refused([data['vast.png'], ...out], /vast\.png has 60000×60000 pixels; .* Cut it into parts/)
    await refused([data['rows.npy'], ...out], /observations, not images/)
    await refused(['photographs', ...out], /say which with --image/)
    await refused(['photographs', ...out, '--image', '900'], /none of them/)
    await refused([data['noisy.png'], ...out, '--dictionary', at('nowhere')], /nowhere/)
    await refused([at('nothing.png'), ...out], /There is no file/)
    expect(contentsOf(folder)).toEqual(before)
  })
})

describe('energia inpaint', () => {
  it('fills what a mask hides, of an image or npy, and keeps the rest', async () => {
    for (const name of ['mask.png', 'mask.npy']) {
      const args = [data['clean.png'], '--mask', data[name], '--clean', data['clean.png'], '--passes', '2', ...few]
      const told = await command('inpaint', ...args, '--out', at('e.png'), '--picture', at('e-both.png'))
      const [, before, after] = /PSNR before +([\d.]+) dB\nPSNR after +([\d.]+) dB/.exec(told) ?? []
      expect(Number(after)).toBeGreaterThan(Number(before) + 10)
      const [filled, whole] = [await imageOf(at('e.png')), await imageOf(data['clean.png'])]
      for (const [i, value] of whole.data.entries()) if (mask.data[i] === 1) expect(filled.data[i]).toBe(value)
      expect(existsSync(at('e-both.png'))).toBe(true)
    }
  })

  it('makes trials with a share of the pixels hidden', async () => {
    const args = [data['clean.png'], '--missing', '0.5', '--passes', '2', ...few, '--json', '--out', at('f.npy')]
    const told = events(await command('inpaint', ...args))
    expect(told[0]).toMatchObject({ event: 'start', shape: [40, 44] })
    expect(Number(told[0].missing)).toBeCloseTo(0.5, 1)
    expect(Number(told.at(-1)?.after)).toBeGreaterThan(Number(told.at(-1)?.before) + 10)
  })

  it('stops at Ctrl-C with nothing written', async () => {
    const work = command(
      'inpaint',
      data['clean.png'],
      '--missing',
      '0.5',
      '--passes',
      '100',
      '--out',
      at('stopped.png'),
    )
    setTimeout(() => process.emit('SIGINT'), 300)
    await expect(work).rejects.toMatchObject({ name: 'CancelledError' })
    expect(noted()).toContain('Stopping')
    expect(existsSync(at('stopped.png'))).toBe(false)
  })

  it('refuses what cannot be, in words that help, before anything is written', async () => {
    const out = ['--out', at('never.png')]
    const before = contentsOf(folder)
    const refused = (args: string[], words: RegExp) => expect(command('inpaint', ...args)).rejects.toThrow(words)
    await refused([data['clean.png'], ...out], /--mask with a file, or --missing/)
    await refused([data['clean.png'], ...out, '--mask', data['mask.png'], '--missing', '0.5'], /--mask with a file, or/)
    await refused([data['clean.png'], ...out, '--mask', data['masks.npy']], /several masks/)
    await refused([data['clean.png'], ...out, '--mask', data['small.png']], /mask of 5×44 .* 40×44/)
    await refused([data['clean.png'], ...out, '--mask', data['black.png']], /nothing .* was observed/)
    await refused([data['clean.png'], ...out, '--missing', '0.5', '--clean', data['clean.png']], /leave --clean out/)
    await refused(
      [data['clean.png'], '--mask', data['mask.png'], '--out', data['mask.png'], '--overwrite'],
      /read from/,
    )
    expect(contentsOf(folder)).toEqual(before)
  })
})

async function openImages(source: string) {
  const opened = await openSource(source)
  if (opened.kind !== 'images') throw new Error(`${source} holds no images`)
  return opened
}
