import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { pairByName } from '../../cli/actions/pairMasks.js'
import { readCodes, toPng } from '../../src/index.js'
import { commands } from './command.js'
import { temporaryFolder } from './support.js'

const images = (...files: string[]) => ({ name: 'images', files })
const masks = (...files: string[]) => ({ name: 'masks', files })

describe('masks and images', () => {
  it.each([
    [masks('a.png', 'b.png', 'c.png'), images('a.jpg', 'b.png', 'c.webp'), [0, 1, 2]],
    [masks('a.png', 'b.png', 'c.png'), images('c.jpg', 'a.jpg', 'b.jpg'), [2, 0, 1]],
    [masks('a_mask.png', 'b-mask.png', 'c.masks.png'), images('b.jpg', 'a.jpg', 'c.jpg'), [1, 0, 2]],
    // What an image is called goes before what is cut from a mask.
    [masks('a.png', 'a_mask.png'), images('a_mask.jpg', 'a.jpg'), [1, 0]],
    // Endings count where they tell files apart.
    [masks('a.jpg', 'a.png'), images('a.png', 'a.jpg'), [1, 0]],
    [masks('photo.1.png', 'photo.2.png'), images('photo.2.jpg', 'photo.1.jpg'), [1, 0]],
  ])('go together by name: %j and %j', (of, given, places) => {
    expect(pairByName(of, given)).toEqual(places)
  })

  it.each([
    [
      masks('a.png', 'c.png'),
      images('a.jpg', 'b.jpg'),
      /^masks holds no mask for b\.jpg of images\. A mask is called as its image/,
    ],
    [
      masks('a.png', 'b.png', 'c.png'),
      images('a.jpg', 'b.jpg'),
      /^masks holds c\.png, and images has no image of that name\. .*npy file/,
    ],
    [masks('a.png', 'b.png'), images('a.jpg', 'a.tif'), /^images holds more than one file called a, .*npy file/],
    [masks('a.png', 'a_mask.jpg'), images('a.jpg', 'b.jpg'), /^masks holds more than one file called a, /],
    [masks('1.png', '2.png'), images('mask.jpg', '2.jpg'), /no mask for mask\.jpg/],
  ])('are refused unless they go one with one: %j and %j', (of, given, message) => {
    expect(() => pairByName(of, given)).toThrow(message)
  })
})

const { command } = commands()
const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)
const grey = (height: number, level: (y: number, x: number) => number) =>
  toPng({
    ...{ width: 12, height, channels: 1 },
    pixels: Uint8Array.from({ length: 12 * height }, (_, i) => level(Math.floor(i / 12), i % 12)),
  })

beforeAll(async () => {
  for (const name of ['images', 'masks', 'called', 'others']) mkdirSync(at(name))
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    writeFileSync(at('images', `${name}.png`), await grey(10, (y, x) => ((3 * x + 5 * y + 7 * i) % 11) * 20))
    const mask = await grey(10, (y, x) => ((x + y * (i + 2)) % 4 === 0 ? 0 : 255))
    writeFileSync(at('masks', `${name}.png`), mask)
    writeFileSync(at('called', `${name}-mask.png`), mask)
    writeFileSync(at('others', `${3 - i}.png`), mask)
  }
})

const learn = (model: string, out: string, ...more: string[]) =>
  command(
    'fit',
    model,
    '--data',
    at('images'),
    '--lambda',
    '1',
    '--epochs',
    '1',
    '--threads',
    '1',
    '--out',
    at(out),
    ...more,
  )

describe('folders of masks', () => {
  const kinds: [string, string[]][] = [
    ['conv-sparse-coding', ['--kernels', '2', '--size', '3']],
    ['sparse-coding', ['--atoms', '3']],
  ]
  it.each(kinds)('go with folders of images by name, in learning and in coding: %s', async (model, sizes) => {
    await learn(model, model, ...sizes, '--mask', at('masks'))
    await learn(model, `${model}-called`, ...sizes, '--mask', at('called', '*'))
    const codes = async (run: string, masked: string, data = at('images', '*.png')) => {
      await command('encode', at(run), '--data', data, '--mask', masked, '--out', at('codes.npz'), '--overwrite')
      return (await readCodes(at('codes.npz'))).codes
    }
    const expected = await codes(model, at('masks'))
    expect(await codes(`${model}-called`, at('called'))).toEqual(expected)
    await expect(learn(model, 'none', ...sizes, '--mask', at('others'))).rejects.toThrow(/holds no mask for a\.png/)
    await expect(codes(model, at('others'))).rejects.toThrow(/holds no mask for a\.png/)
  })

  it('keep to their images where a share of those is held out', async () => {
    const sizes = ['--kernels', '2', '--size', '3', '--held-out', '0.34', '--mask']
    await learn('conv-sparse-coding', 'share', ...sizes, at('masks'))
    await expect(learn('conv-sparse-coding', 'none', ...sizes, at('others'))).rejects.toThrow(
      /holds no mask for a\.png/,
    )
  })
})
