import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  convolutionalSparseCoding,
  windows as cutWindows,
  loadModel,
  readCodes,
  readNpyTensor,
  rng,
  sparseCoding,
  toPng,
  toTensor,
  writeNpy,
} from '../../src/index.js'
import { commands } from './command.js'
import { files, npy, temporaryFolder } from './support.js'

const { command, noted } = commands()
const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** 0 and 1 by chance, drawn anew by each seed. */
function chance(size: number, seed: number): number[] {
  const random = rng(seed)
  return Array.from({ length: size }, () => (random.uniform() < 0.6 ? 1 : 0))
}
const bytes = (shape: readonly number[], values: readonly number[]) =>
  writeNpy({ shape, data: Uint8Array.from(values) })
const picture = (seed: number) =>
  toPng({ width: 12, height: 10, channels: 1, pixels: Uint8Array.from(chance(120, seed), (value) => 200 * value) })

const one = chance(100, 1)
const each = chance(300, 2)
const gap = Array.from({ length: 40 }, (_, i) => (i % 7 < 2 ? 0 : 1))
const long = Array.from({ length: 40 }, (_, i) => (i >= 10 && i < 20 ? 0 : 1))
let data: Record<string, string>
beforeAll(async () => {
  data = files(folder, {
    'stack.npy': npy([3, 10, 10]),
    'colours.npy': npy([2, 10, 10, 3]),
    'one.npy': npy([10, 10], one),
    'bytes.npy': bytes([10, 10], one),
    'white.npy': bytes(
      [10, 10],
      one.map((value) => 255 * value),
    ),
    'each.npy': npy([3, 10, 10], each),
    'channels.npy': npy([10, 10, 3], each),
    'each-channels.npy': npy([2, 10, 10, 3], chance(600, 3)),
    'half.npy': npy([10, 10], new Array(100).fill(0.5)),
    'nan.npy': npy([10, 10], new Array(100).fill(Number.NaN)),
    'grey.npy': bytes([10, 10], new Array(100).fill(128)),
    'nothing.npy': npy([10, 10], new Array(100).fill(0)),
    'video.npy': npy([3, 2, 4, 5, 3]),
    'frames.npy': npy([2, 4, 5, 3], chance(120, 6)),
    'each-frame.npy': npy([3, 2, 4, 5, 3], chance(360, 7)),
    'long-gap.npy': npy([40], long),
    'deep.npy': npy([2, 3, 10, 10, 3], new Array(1800).fill(1)),
    'many.npy': npy([20, 4, 4]),
    'masks-of-many.npy': npy([20, 4, 4], chance(320, 5)),
    'beats.npy': npy([3, 40]),
    'gap.npy': npy([40], gap),
    'gaps.npy': npy([3, 40], [...gap, ...gap, ...gap]),
    'short.npy': npy([10], new Array(10).fill(1)),
    'four.npy': npy([4, 40], new Array(160).fill(1)),
    'zero.npy': npy([3, 10, 10], new Array(300).fill(0)),
    'a.png': await picture(1),
    'b.png': await picture(2),
    'c.png': await picture(3),
    'masks.npy': npy([3, 10, 12], chance(360, 4)),
  })
})

const options = ['--kernels', '3', '--size', '3', '--epochs', '2', '--lambda-ratio', '0.1', '--threads', '1']
const learn = (source: string, out: string, ...more: string[]) =>
  command('fit', 'conv-sparse-coding', '--data', source, '--out', at(out), ...options, ...more)
async function kernelsOf(name: string): Promise<number[]> {
  const model = await loadModel(at(name), { model: 'conv-sparse-coding' })
  model.dispose()
  return [...model.kernels.data]
}
async function energies(mask: string, source = 'stack.npy', model = 'plain'): Promise<number[]> {
  await command('encode', at(model), '--data', data[source], '--mask', data[mask], '--out', at('c.npz'), '--overwrite')
  return [...((await readCodes(at('c.npz'))).arrays.energy.data as Float64Array)]
}

describe('masks of files', () => {
  it('are zeros and ones of any type, and bytes of a picture', async () => {
    await learn(data['stack.npy'], 'plain')
    const expected = await energies('one.npy')
    expect(await energies('bytes.npy')).toEqual(expected)
    expect(await energies('white.npy')).toEqual(expected)
  })

  it('are refused where they hold other numbers, or axes that are none of the data', async () => {
    for (const [name, message] of [
      ['half.npy', /half.npy holds 0.5 where a mask is 1 for what was observed and 0/],
      ['nan.npy', /holds NaN where a mask is 1/],
      ['grey.npy', /holds 128 where a mask is 1/],
      ['deep.npy', /array of 2×3×10×10×3; a mask is \[height, width\], or \[n, height, width\]/],
      ['nothing.npy', /nothing.npy says that nothing was observed; a mask is 1 for what was observed/],
    ] as const) {
      await expect(learn(data['stack.npy'], 'no', '--mask', data[name])).rejects.toThrow(message)
      await expect(energies(name)).rejects.toThrow(message)
      expect(existsSync(at('no'))).toBe(false)
    }
  })

  it('may be one for each observation of a file, with codes and kernels never negative', async () => {
    const signs = ['--nonnegative', '--nonnegative-kernels']
    await learn(data['stack.npy'], 'each', '--mask', data['each.npy'], ...signs)
    const learned = await kernelsOf('each')
    const model = await convolutionalSparseCoding({
      kernels: 3,
      size: 3,
      lambdaRatio: 0.1,
      nonNegative: true,
      nonNegativeKernels: true,
      threads: 1,
    }).fit(await readNpyTensor(data['stack.npy']), { epochs: 2, mask: await readNpyTensor(data['each.npy']) })
    model.dispose()
    expect(learned).toEqual([...model.kernels.data])
    expect(Math.min(...learned)).toBeGreaterThanOrEqual(0)
    await energies('each.npy', 'stack.npy', 'each')
    expect(Math.min(...(await readCodes(at('c.npz'))).codes.values)).toBeGreaterThan(0)
  })

  it('may have the channels of the data', async () => {
    await learn(data['colours.npy'], 'one-colour', '--mask', data['channels.npy'])
    await learn(data['colours.npy'], 'each-colour', '--mask', data['each-channels.npy'])
    expect(await kernelsOf('one-colour')).not.toEqual(await kernelsOf('each-colour'))
    expect(await energies('channels.npy', 'colours.npy', 'one-colour')).toHaveLength(2)
    expect(await energies('each-channels.npy', 'colours.npy', 'one-colour')).toHaveLength(2)
  })

  it('go along where a share of the images is held out, and are refused with a share of observations', async () => {
    const share = ['--held-out', '0.34']
    const kept = async (name: string, ...more: string[]) => {
      await learn(join(folder, '*.png'), name, '--mask', data['masks.npy'], ...more)
      const model = await loadModel(at(name), { model: 'conv-sparse-coding' })
      model.dispose()
      return model.history.at(-1)?.heldOutEnergy
    }
    const masks = await readNpyTensor(data['masks.npy'])
    files(folder, { 'last.npy': writeNpy({ shape: [10, 12], data: masks.data.slice(240) }) })
    const energy = await kept('share', ...share)
    expect(energy).toBe(await kept('said', ...share, '--held-out-mask', at('last.npy')))
    await expect(learn(data['many.npy'], 'no', '--mask', data['masks-of-many.npy'], ...share)).rejects.toThrow(
      /give --held-out other data, with its masks as --held-out-mask/,
    )
  })
})

describe('masks of linear observations', () => {
  const one = ['--atoms', '5', '--lambda', '0.2', '--epochs', '2', '--threads', '1']
  const learnAtoms = (source: string, out: string, ...more: string[]) =>
    command('fit', 'sparse-coding', '--data', source, '--out', at(out), ...one, ...more)

  it('are learned with and coded with as in the library', async () => {
    await learnAtoms(data['many.npy'], 'atoms', '--mask', data['masks-of-many.npy'])
    const [whole, mask] = [await readNpyTensor(data['many.npy']), await readNpyTensor(data['masks-of-many.npy'])]
    const model = await sparseCoding({ atoms: 5, lambda: 0.2, threads: 1 }).fit(whole, { epochs: 2, mask })
    const stored = await loadModel(at('atoms'), { model: 'sparse-coding' })
    expect(stored.atoms).toEqual(model.atoms)
    expect(await energies('masks-of-many.npy', 'many.npy', 'atoms')).toEqual([...(await model.energy(whole, { mask }))])
    stored.dispose()
    model.dispose()
  })

  it('may leave out channels, and are refused where they do not fit or numbers are prepared', async () => {
    await learnAtoms(data['colours.npy'], 'colours', '--mask', data['one.npy'])
    expect(await energies('one.npy', 'colours.npy', 'colours')).toHaveLength(2)
    await expect(energies('each.npy', 'colours.npy', 'colours')).rejects.toThrow(
      /3 masks, and \S+ holds 2 observations/,
    )
    const masked = ['--mask', data['each.npy']]
    for (const [more, message] of [
      [['--centre'], /--mask goes with observations as they are/],
      [['--patch', '4'], /--mask goes with observations as they are/],
      [['--held-out', '0.5'], /give --held-out other data/],
      [['--held-out-mask', data['each.npy']], /--held-out-mask goes with --held-out/],
      [['--mask', '-'], /Standard input may be the data, and not a mask/],
    ] as const) {
      await expect(learnAtoms(data['stack.npy'], 'no', ...masked, ...more)).rejects.toThrow(message)
    }
    const heldOut = ['--held-out', data['stack.npy'], '--held-out-mask', data['each.npy']]
    await expect(learnAtoms(data['stack.npy'], 'no', ...heldOut)).rejects.toThrow(/goes with --mask; give both/)
    expect(existsSync(at('no'))).toBe(false)
  })

  it('are of the shape of observations with more axes than images have', async () => {
    await learnAtoms(data['video.npy'], 'video', '--mask', data['frames.npy'])
    expect(await energies('each-frame.npy', 'video.npy', 'video')).toHaveLength(3)
    expect(await energies('frames.npy', 'video.npy', 'video')).toHaveLength(3)
    await expect(energies('one.npy', 'video.npy', 'video')).rejects.toThrow(
      /array of 10×10; a mask of observations of 2×4×5×3 has their shape, or is n×2×4×5×3/,
    )
  })
})

describe('masks of signals', () => {
  const windows = ['--signals', '--window', '10', '--hop', '5']
  const learned = (out: string, ...more: string[]) =>
    command('fit', 'conv-sparse-coding', '--data', data['beats.npy'], '--out', at(out), ...options, ...more)

  it('are cut into windows as their signals are', async () => {
    await learned('windows', ...windows, '--mask', data['gaps.npy'])
    const cut = async (name: string) =>
      toTensor(await cutWindows(await readNpyTensor(data[name]), { length: 10, hop: 5 }))
    const [whole, mask] = [await cut('beats.npy'), await cut('gaps.npy')]
    const model = await convolutionalSparseCoding({ kernels: 3, size: [3], lambdaRatio: 0.1, threads: 1 }).fit(whole, {
      epochs: 2,
      mask,
    })
    expect(await kernelsOf('windows')).toEqual([...model.kernels.data])
    model.dispose()
    await learned('shared', ...windows, '--mask', data['gap.npy'], '--held-out', data['beats.npy'])
    expect(await kernelsOf('shared')).toEqual(await kernelsOf('windows'))
  })

  it('may hide windows altogether, which are left out of learning and coded as 0', async () => {
    await learned('gap', ...windows, '--mask', data['long-gap.npy'], '--held-out', data['beats.npy'])
    expect(noted()).toMatch(/Nothing was observed of 3 of 21 windows: left out of learning/)
    expect(noted()).toMatch(/Nothing was observed of 3 of 21 windows: held out, but not measured/)
    const args = ['--data', data['beats.npy'], ...windows, '--mask', data['long-gap.npy'], '--overwrite']
    await command('encode', at('gap'), ...args, '--out', at('gap.npz'))
    expect(noted()).toMatch(/Nothing was observed of 3 of 21 windows: coded as 0, with energy 0/)
    const { codes, arrays } = await readCodes(at('gap.npz'))
    const dark = [...arrays.energy.data].flatMap((value, i) => (value === 0 ? [i] : []))
    expect(dark).toEqual([2, 9, 16])
    expect(codes.shape[0]).toBe(21)
  })

  it('are refused where there are too many, or they are no whole signals', async () => {
    await expect(learned('no', ...windows, '--mask', data['short.npy'])).rejects.toThrow(
      /of 10 samples, and signals have 40/,
    )
    await expect(learned('no', ...windows, '--mask', data['four.npy'])).rejects.toThrow(
      /4 masks, and the data holds 3 signals/,
    )
    await expect(learned('no', '--signals', '--mask', data['four.npy'])).rejects.toThrow(
      /4 masks, and \S+ holds 3 observations/,
    )
  })
})

it('learning says so where there was nothing to learn', async () => {
  for (const model of ['conv-sparse-coding', 'sparse-coding']) {
    const more = model === 'sparse-coding' ? ['--atoms', '4'] : ['--kernels', '2', '--size', '3']
    const args = ['--data', data['zero.npy'], '--lambda', '0.1', '--epochs', '1', '--out', at(`flat-${model}`), ...more]
    await command('fit', model, ...args)
    expect(noted()).toMatch(/Nothing was learned, for no (kernel|atom) was used.*lower --lambda/)
  }
})
