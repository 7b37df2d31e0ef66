import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  features,
  fromDense,
  loadModel,
  openSource,
  psnr,
  readCodes,
  readNpyTensor,
  rng,
  type Tensor,
  tensor,
  toPng,
  writeCodes,
} from '../../src/index.js'
import { commands } from './command.js'
import { contentsOf, events, files, npy, temporaryFolder } from './support.js'

const { command, noted } = commands()
const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)

/** A picture of bars, which few kernels make up. */
async function bars(height: number, width: number, seed: number, channels: 1 | 3 = 1): Promise<Uint8Array> {
  const random = rng(seed)
  const pixels = new Uint8Array(height * width * channels).fill(100)
  for (let bar = 0; bar < 4; bar++) {
    const [y, x] = [random.integer(height), random.integer(width - 3)]
    for (let i = 0; i < 3; i++)
      for (let c = 0; c < channels; c++) pixels[(y * width + x + i) * channels + c] = 200 - 50 * c
  }
  return toPng({ width, height, channels, pixels })
}

async function imageOf(path: string): Promise<Tensor> {
  const opened = await openSource(path)
  if (opened.kind !== 'images') throw new Error(`${path} is no image`)
  return opened.images.image(0)
}

const gapped = Array.from({ length: 60 }, (_, i) => (i >= 20 && i < 25 ? Number.NaN : Math.sin(i)))
let data: Record<string, string>
beforeAll(async () => {
  data = files(folder, {
    'a.png': await bars(12, 14, 1),
    'b.png': await bars(10, 16, 2),
    'colour.png': await bars(9, 9, 3, 3),
    'beat.npy': npy(
      [90],
      Array.from({ length: 90 }, (_, i) => Math.sin(i / 3) ** 5),
    ),
    'gap.npy': npy([2, 30], gapped),
    'stack.npy': npy([3, 10, 10]),
    'colours.npy': npy([2, 9, 9, 3]),
    'tiny.npy': npy([2, 2, 9]),
    'half.npy': npy(
      [10, 10],
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : 0)),
    ),
    'nothing.npy': npy([10, 10], new Array(100).fill(0)),
    'narrow.npy': npy([10, 9], new Array(90).fill(1)),
    'two.npy': npy([2, 10, 10], new Array(200).fill(1)),
    'digits.npy': npy([40, 4, 4]),
  })
})
const kernels = ['--kernels', '3', '--size', '3', '--epochs', '2', '--lambda-ratio', '0.1', '--threads', '1']
const learn = (source: string, out: string, ...more: string[]) =>
  command('fit', 'conv-sparse-coding', '--data', source, ...kernels, '--out', at(out), ...more)

describe('images of unequal sizes', () => {
  const run = at('images')
  const both = () => at('{a,b}.png')

  it('are learned from whole, and the model shows its kernels', async () => {
    await learn(both(), 'images', '--high-pass', 'tikhonov:5')
    const said = await command('show', run)
    expect(said).toMatch(/kernels +3 of 3×3/)
    expect(said).toMatch(/preprocessing +highPass/)
    await command('show', run, '--out', at('kernels.png'))
    expect((await imageOf(at('kernels.png'))).shape.length).toBe(2)
    await command('show', run, '--out', at('kernels.html'))
    expect(readFileSync(at('kernels.html'), 'utf8')).toContain('3 kernels of 3×3')
    expect(existsSync(join(run, 'kernels.png'))).toBe(true)
  })

  it('are coded to a row each, and decoded to pictures of their own sizes', async () => {
    const codes = at('codes.npz')
    expect(await command('encode', run, '--data', both(), '--out', codes)).toMatch(/active coefficients.*% of it/)
    const saved = await readCodes(codes)
    expect(saved.codes.shape).toEqual([2, 3 * 12 * 14])
    expect(Array.from<number | bigint, number>(saved.arrays.observation_shapes.data, Number)).toEqual([12, 14, 10, 16])
    expect(Array.from<number | bigint, number>(saved.arrays.code_shapes.data, Number)).toEqual([3, 12, 14, 3, 10, 16])
    await command('decode', run, '--codes', codes, '--out', at('decoded'))
    expect(readdirSync(at('decoded')).sort()).toEqual(['a.png', 'b.png'])
    for (const name of ['a.png', 'b.png']) {
      const [before, after] = [await imageOf(at(name)), await imageOf(at('decoded', name))]
      expect(psnr(after, before)).toBeGreaterThan(25)
    }
    await expect(command('decode', run, '--codes', codes, '--out', at('decoded.npy'))).rejects.toThrow(/unequal sizes/)
  })

  it('have an energy each, with their names', async () => {
    const lines = (await command('energy', run, '--data', both())).trimEnd().split('\n')
    expect(lines[0]).toBe('index,energy,gap,active,status,image')
    expect(lines.slice(1).map((line) => line.split(',').slice(4).join())).toEqual([
      'converged,a.png',
      'converged,b.png',
    ])
  })

  it('become features, as npy and as Parquet, those of the library', async () => {
    await command('features', run, '--data', both(), '--pool', 'sum', '--cells', '1,2', '--out', at('f.npy'))
    const said = await command(
      'features',
      run,
      '--data',
      both(),
      '--pool',
      'sum',
      '--cells',
      '1,2',
      '--json',
      '--out',
      at('f.parquet'),
    )
    expect(events(said).at(-1)).toMatchObject({ event: 'done', observations: 2, features: 15 })
    const rows = await readNpyTensor(at('f.npy'))
    expect(rows.shape).toEqual([2, 15])
    const table = await parquetReadObjects({ file: new Uint8Array(readFileSync(at('f.parquet'))).buffer })
    expect(table.map(({ name }) => name)).toEqual(['a.png', 'b.png'])
    expect(table.flatMap(({ features: numbers }) => numbers)).toEqual([...rows.data])
    const model = await loadModel(run, { model: 'conv-sparse-coding' })
    const opened = await openSource(both())
    if (opened.kind !== 'images') throw new Error('no images')
    const found: number[] = []
    for await (const { values } of features(model, opened.images, { pool: 'sum', cells: [1, 2] })) found.push(...values)
    model.dispose()
    expect(found).toEqual([...rows.data])
  })
})

it('learns in colour, on held-out images too', async () => {
  await learn(
    at('{colour,a,b}.png'),
    'colour',
    '--colour',
    '--held-out',
    '0.3',
    '--crop',
    '6',
    '--crops-per-epoch',
    '20',
  )
  const { kernels: learned, history, dispose } = await loadModel(at('colour'), { model: 'conv-sparse-coding' })
  dispose()
  expect(learned.shape).toEqual([3, 3, 3, 3])
  expect(history.at(-1)?.heldOutEnergy).toBeGreaterThan(0)
})

describe('signals', () => {
  it('are learned from one array, coded with its shape known, and cut into windows for features', async () => {
    await learn(data['beat.npy'], 'beats', '--signals', '--size', '7')
    expect(await command('show', at('beats'))).toMatch(/kernels +3 of 7/)
    await command('encode', at('beats'), '--data', data['beat.npy'], '--out', at('beats.npz'))
    expect((await readCodes(at('beats.npz'))).codes.shape).toEqual([1, 270])
    await command('decode', at('beats'), '--codes', at('beats.npz'), '--out', at('beats-again.npy'))
    expect((await readNpyTensor(at('beats-again.npy'))).shape).toEqual([1, 90])
    await command(
      'features',
      at('beats'),
      '--data',
      data['beat.npy'],
      '--window',
      '30',
      '--hop',
      '15',
      '--out',
      at('beats-f.npy'),
    )
    expect((await readNpyTensor(at('beats-f.npy'))).shape).toEqual([5, 12])
  })

  it('with gaps end in a sentence that names signal and gap', async () => {
    await expect(learn(data['gap.npy'], 'gap', '--signals')).rejects.toThrow(
      /gap in signal 0: samples 20 to 24 are NaN.*give a mask/,
    )
    expect(existsSync(at('gap'))).toBe(false)
  })
})

it('leaves out what a mask leaves out', async () => {
  await learn(data['stack.npy'], 'masked', '--mask', data['half.npy'])
  await command(
    'encode',
    at('masked'),
    '--data',
    data['stack.npy'],
    '--mask',
    data['half.npy'],
    '--out',
    at('masked.npz'),
  )
  await command('encode', at('masked'), '--data', data['stack.npy'], '--out', at('unmasked.npz'))
  const energyOf = async (file: string) => [...((await readCodes(at(file))).arrays.energy.data as Float64Array)]
  const [masked, unmasked] = [await energyOf('masked.npz'), await energyOf('unmasked.npz')]
  for (const [i, energy] of masked.entries()) expect(energy).toBeLessThan(0.8 * unmasked[i])
})

describe('what cannot be is refused in a sentence, and leaves nothing', () => {
  async function refused(message: RegExp, ...args: string[]): Promise<void> {
    const before = contentsOf(folder)
    await expect(command(...args)).rejects.toThrow(message)
    expect(contentsOf(folder)).toEqual(before)
  }
  const no = (source: string, ...more: string[]) => [
    'fit',
    'conv-sparse-coding',
    '--data',
    source,
    ...kernels,
    '--out',
    at('no'),
    ...more,
  ]

  it('kernels, masks, channels and signals that do not fit', async () => {
    await refused(/Kernels of 3×3 do not fit into an image of 2×9/, ...no(data['tiny.npy']))
    await refused(/mask/, ...no(data['stack.npy'], '--mask', data['narrow.npy']))
    await refused(/mask/, ...no(data['stack.npy'], '--mask', data['nothing.npy']))
    await refused(/a number above 0, at most 1/, ...no(data['stack.npy'], '--duplicate-cosine', '2'))
    await refused(/1 to 99999/, ...no(data['stack.npy'], '--size', '1000000'))
    await refused(/pass --signals/, ...no(data['beat.npy'].replace('beat', 'gap')))
    await refused(/--signals \(in code/, ...no(data['beat.npy']))
    await refused(/works on images/, ...no(data['beat.npy'], '--signals', '--contrast', 'local'))
    await refused(/one length/, ...no(data['beat.npy'], '--signals', '--size', '3x4'))
    await refused(/pass --signals as well/, ...no(data['stack.npy'], '--window', '5'))
    await refused(/--hop goes with --window/, ...no(data['beat.npy'], '--signals', '--hop', '5'))
    await refused(/holds images, and signals are wanted here; give a file of numbers/, ...no(at('a.png'), '--signals'))
    await refused(
      /--lambda 0.1, or --lambda-ratio/,
      'fit',
      'conv-sparse-coding',
      '--data',
      data['stack.npy'],
      '--out',
      at('no'),
    )
  })

  it('codes and data of another kind', async () => {
    await learn(data['stack.npy'], 'plain')
    await refused(/channel/, 'encode', at('plain'), '--data', data['colours.npy'], '--out', at('no.npz'))
    await refused(
      /two.npy holds 2 masks, and \S+ holds 3 observations/,
      ...['encode', at('plain'), '--data', data['stack.npy'], '--mask', data['two.npy'], '--out', at('no.npz')],
    )
    await writeCodes(at('bare.npz'), fromDense(tensor([1, 300], new Float32Array(300).fill(1))))
    await refused(/does not say how large/, 'decode', at('plain'), '--codes', at('bare.npz'), '--out', at('no.npy'))
    await refused(
      /solved by active-set or fista/,
      'encode',
      at('plain'),
      '--data',
      data['stack.npy'],
      '--solver',
      'omp',
      '--out',
      at('no.npz'),
    )
  })

  it('features of models without places, to files of other kinds, and over too many cells', async () => {
    await command(
      'fit',
      'sparse-coding',
      '--data',
      data['digits.npy'],
      '--atoms',
      '4',
      '--lambda',
      '1',
      '--epochs',
      '1',
      '--out',
      at('whole'),
    )
    await refused(
      /whole observations.*energia encode/,
      'features',
      at('whole'),
      '--data',
      data['digits.npy'],
      '--out',
      at('no.npy'),
    )
    await refused(/\.npy or \.parquet/, 'features', at('plain'), '--data', data['stack.npy'], '--out', at('no.csv'))
    await refused(
      /10×10 positions.*11×11 cells/,
      'features',
      at('plain'),
      '--data',
      data['stack.npy'],
      '--cells',
      '11',
      '--out',
      at('no.npy'),
    )
    await refused(
      /stride goes with models of patches/,
      'features',
      at('plain'),
      '--data',
      data['stack.npy'],
      '--stride',
      '2',
      '--out',
      at('no.npy'),
    )
    expect(noted()).not.toContain('undefined')
  })
})

it('makes features of a dictionary of patches', async () => {
  const patches = ['--patch', '4', '--atoms', '5', '--lambda', '0.1', '--epochs', '1', '--patches-per-epoch', '50']
  await command(
    'fit',
    'sparse-coding',
    '--data',
    at('{a,b}.png'),
    ...patches,
    '--high-pass',
    'gaussian:2',
    '--out',
    at('patches'),
  )
  await command(
    'features',
    at('patches'),
    '--data',
    at('{a,b}.png'),
    '--cells',
    '2',
    '--signs',
    'split',
    '--stride',
    '1',
    '--out',
    at('p.npy'),
  )
  const { shape, data: values } = await readNpyTensor(at('p.npy'))
  expect(shape).toEqual([2, 2 * 2 * 5 * 2])
  expect(values.every((value) => value >= 0) && values.some((value) => value > 0)).toBe(true)
})
