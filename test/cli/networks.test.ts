import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Program, readCodes, readNpyTensor, runtime, type Tensor, toDense } from '../../src/index.js'
import { commands } from './command.js'
import { energies } from './energies.js'
import { events, files, npy, png, temporaryFolder } from './support.js'

const { command, noted } = commands()
const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const sines = (count: number) => Array.from({ length: count }, (_, i) => (Math.sin(i * i) + 1) / 2)
const data = files(folder, {
  'pictures.npy': npy([60, 4, 4], sines(960)),
  'points.npy': npy([60, 2]),
  'atoms.npy': npy([6, 4, 4]),
  ...energies,
})
const pictures = data['pictures.npy']
const sized = ['--batch', '20']

interface Case {
  readonly fit: readonly string[]
  readonly data: string
  readonly observation: readonly number[]
  readonly numbers: number
  readonly graphs: readonly string[]
  /** Which output of which graph gives the codes of `encode`. */
  readonly coding?: readonly [graph: string, output: string]
}

const cases: Record<string, Case> = {
  vae: {
    fit: ['vae', '--latent', '3', '--hidden', '8', '--epochs', '2', ...sized],
    data: pictures,
    observation: [4, 4],
    numbers: 3,
    graphs: ['encoder', 'decoder'],
    coding: ['encoder', 'mean'],
  },
  lista: {
    fit: ['lista', '--atoms', '6', '--lambda', '0.2', '--steps', '2', '--training-steps', '5', ...sized],
    data: pictures,
    observation: [4, 4],
    numbers: 6,
    graphs: ['encoder', 'decoder', 'inference'],
    coding: ['encoder', 'z'],
  },
  psd: {
    fit: ['psd', '--dictionary', data['atoms.npy'], '--lambda', '0.2', '--training-steps', '5', ...sized],
    data: pictures,
    observation: [4, 4],
    numbers: 6,
    graphs: ['encoder', 'decoder', 'inference'],
    coding: ['encoder', 'z'],
  },
  'latent-variable': {
    fit: ['latent-variable', '--energy', data['curve.json'], '--epochs', '2', ...sized],
    data: data['points.npy'],
    observation: [2],
    numbers: 1,
    graphs: ['encoder', 'decoder', 'inference'],
  },
}

describe.each(Object.entries(cases))('%s', (name, { fit, data: source, observation, numbers, graphs, coding }) => {
  const run = at(name)

  it('is learned, with events and a line that says where it is', async () => {
    const all = events(await command('fit', ...fit, '--data', source, '--held-out', '0.2', '--out', run, '--json'))
    expect(all[0]).toMatchObject({ event: 'start', command: 'fit', model: name, out: run })
    expect(all.some(({ event, fraction }) => event === 'progress' && typeof fraction === 'number')).toBe(true)
    expect(all.at(-1)).toMatchObject({ event: 'done', out: run, sample: expect.any(Number) })
    for (const value of Object.values(all.at(-1) ?? {})) expect(value).not.toBeNull()
    await expect(command('fit', ...fit, '--data', source, '--out', run)).rejects.toThrow(/--overwrite/)
    const said = await command('fit', ...fit, '--data', source, '--out', run, '--overwrite')
    expect(said).toContain(`energia show ${run}`)
  })

  it('codes data, and decodes the codes', async () => {
    await command('encode', run, '--data', source, '--out', at(`${name}.npz`))
    const { codes, arrays } = await readCodes(at(`${name}.npz`))
    expect(codes.shape).toEqual([60, numbers])
    expect(arrays.energy.shape).toEqual([60])
    expect(Object.hasOwn(arrays, 'deviation')).toBe(name === 'vae')
    await command('decode', run, '--codes', at(`${name}.npz`), '--out', at(`${name}.npy`))
    expect((await readNpyTensor(at(`${name}.npy`))).shape).toEqual([60, ...observation])
  })

  it('gives energies', async () => {
    const rows = (await command('energy', run, '--data', source)).trimEnd().split('\n')
    expect(rows[0]).toBe('index,energy,gap,active,status')
    expect(rows).toHaveLength(61)
    for (const row of rows.slice(1)) expect(Number(row.split(',')[1])).toBeGreaterThan(-1e6)
  })

  it('is shown, in words and as a page', async () => {
    expect(await command('show', run)).toMatch(/learned from +/)
    expect(events(await command('show', run, '--json'))[0]).toMatchObject({
      event: 'done',
      settings: expect.anything(),
    })
    await command('show', run, '--out', at(`${name}.html`))
    expect(readFileSync(at(`${name}.html`), 'utf8')).toContain('</html>')
  })

  it('is exported as graphs that give the same, at any batch size', async () => {
    await command('export', run, '--onnx')
    const machine = await runtime({ threads: 1 })
    const compiled: Record<string, Program> = {}
    for (const part of graphs) compiled[part] = await machine.compile(readFileSync(join(run, 'onnx', `${part}.onnx`)))
    expect(readFileSync(join(run, 'onnx', 'README.md'), 'utf8')).toContain('decoder.onnx')
    const all = await readNpyTensor(source)
    const { codes } = await readCodes(at(`${name}.npz`))
    const dense = toDense(codes)
    const decoded = await readNpyTensor(at(`${name}.npy`))
    for (const count of [1, 3, 60]) {
      const part = (batch: Tensor): Tensor => ({
        shape: [count, ...batch.shape.slice(1)],
        data: batch.data.slice(0, (batch.data.length / 60) * count),
      })
      const { y } = await compiled.decoder.run({ z: part(dense) })
      expect(largestDifference(y.data, part(decoded).data)).toBeLessThan(1e-4)
      if (!coding) continue
      const { [coding[1]]: z } = await compiled[coding[0]].run({ y: part(all) })
      expect(largestDifference(z.data, part(dense).data)).toBeLessThan(1e-4)
    }
    for (const program of Object.values(compiled)) program.dispose()
  })
})

function largestDifference(a: ArrayLike<number | bigint>, b: Float32Array): number {
  return b.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(a[i]))), a.length === b.length ? 0 : 1e9)
}

describe('vae', () => {
  it('draws samples, the same for one seed', async () => {
    const draw = (seed: string, out: string) =>
      command('sample', at('vae'), '--count', '5', '--seed', seed, '--out', at(out))
    await draw('1', 'one.npy')
    await draw('1', 'two.npy')
    await draw('2', 'three.npy')
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((each) => readNpyTensor(at(`${each}.npy`))))
    expect(one.shape).toEqual([5, 4, 4])
    expect(two).toEqual(one)
    expect(three).not.toEqual(one)
  })

  it('explains the rest from the first rows', async () => {
    const run = at('halves')
    const cut = ['--latent', '2', '--hidden', '6', '--epochs', '1', '--cut', '1', ...sized]
    await command('fit', 'vae', '--data', pictures, ...cut, '--out', run)
    await command('encode', run, '--data', pictures, '--out', at('halves.npz'))
    await command('decode', run, '--codes', at('halves.npz'), '--out', at('rest.npy'))
    expect((await readNpyTensor(at('rest.npy'))).shape).toEqual([60, 3, 4])
    await command('sample', run, '--given', pictures, '--count', '2', '--out', at('completed.npy'))
    expect((await readNpyTensor(at('completed.npy'))).shape).toEqual([120, 3, 4])
    await expect(command('sample', run, '--out', at('no.npy'))).rejects.toThrow(
      /from an x of 1×4; name some with --given/,
    )
    await expect(command('sample', at('vae'), '--given', pictures, '--out', at('no.npy'))).rejects.toThrow(
      /without an x/,
    )
    await command('show', run)
    expect(noted()).toContain('energia sample --given')
  })
})

describe('lista', () => {
  it('tells how far the dictionary is that it learns first', async () => {
    const { fit, data: source } = cases.lista
    const all = events(await command('fit', ...fit, '--data', source, '--out', at('told'), '--json'))
    const first = all.findIndex(({ event }) => event === 'progress')
    const told = all.filter(({ event }) => event === 'dictionary')
    expect(all.slice(1, first)).toEqual(told)
    expect(told.at(-1)).toMatchObject({ epoch: 5, epochs: 5, fraction: 1, energy: expect.any(Number) })
  })

  it('takes the dictionary of a run with its patches and preprocessing', async () => {
    files(folder, { 'a.png': await png(20, 24), 'b.png': await png(16, 16, 2) })
    const images = at('*.png')
    const learning = ['--patch', '4', '--patches-per-epoch', '100', '--whiten', 'olshausen', '--centre']
    const model = ['--atoms', '5', '--lambda', '0.2', '--epochs', '1']
    await command('fit', 'sparse-coding', '--data', images, ...learning, ...model, '--out', at('dictionary'))
    const fast = ['lista', '--dictionary', at('dictionary'), '--data', images, '--training-steps', '3']
    await command('fit', ...fast, '--held-out', '0.5', '--out', at('fast'))
    expect(await command('show', at('fast'))).toMatch(/preprocessing +olshausen, centre/)
    await command('encode', at('fast'), '--data', images, '--out', at('fast.npz'))
    await command('decode', at('fast'), '--codes', at('fast.npz'), '--out', at('again'))
    expect(readdirSync(at('again')).sort()).toEqual(['a.png', 'b.png'])
    await expect(command('fit', ...fast, '--patch', '4', '--out', at('no'))).rejects.toThrow(/beside --dictionary/)
  })

  it('refines codes to a tolerance, and says what codes are that it does not', async () => {
    await command('energy', at('lista'), '--data', pictures, '--out', at('plain.csv'))
    expect(noted()).toMatch(/come from the encoder.*--tolerance 1e-6 refines/)
    const refined = await command(
      'energy',
      at('lista'),
      '--data',
      pictures,
      '--tolerance',
      '1e-6',
      '--out',
      at('refined.csv'),
    )
    expect(refined).toMatch(/status +60 converged/)
    expect(noted()).toBe('')
  })
})

describe('latent-variable', () => {
  const points = data['points.npy']

  it('takes functions from a module, and asks for it again', async () => {
    const run = at('circle')
    const energy = ['--energy', data['circle.mjs']]
    await command('fit', 'latent-variable', ...energy, '--data', points, '--epochs', '1', ...sized, '--out', run)
    await expect(command('encode', run, '--data', points, '--out', at('circle.npz'))).rejects.toThrow(
      /functions of its maker's own.*name the file that defines them: --energy .*circle\.mjs/,
    )
    await command('encode', run, ...energy, '--data', points, '--restarts', '1', '--out', at('circle.npz'))
    expect((await readCodes(at('circle.npz'))).codes.shape).toEqual([60, 1])
    await expect(command('show', run, '--energy', data['curve.json'])).rejects.toThrow(
      /learned with another definition/,
    )
    await command('sample', run, ...energy, '--count', '3', '--out', at('circle.npy'))
    expect((await readNpyTensor(at('circle.npy'))).shape).toEqual([3, 2])
  })

  it.each([
    ['unbounded', /falls without bound.*nothing was learned, and no run is written/],
    ['nonFinite', /no finite number.*nothing was learned, and no run is written/],
  ] as const)('of an energy that is %s from the first batch on says so, and leaves no run', async (name, message) => {
    const energy = ['--energy', data[`${name}.mjs`]]
    const fit = command('fit', 'latent-variable', ...energy, '--data', points, ...sized, '--out', at(name))
    await expect(fit).rejects.toMatchObject({ name: 'ConvergenceError', message: expect.stringMatching(message) })
    expect(existsSync(at(name))).toBe(false)
  })

  it('of numbers that leave their range later says so, and leaves no run', async () => {
    for (const model of ['lista', 'psd']) {
      const out = at(`far-${model}`)
      const args = ['--data', points, '--atoms', '4', '--lambda', '0.1', '--learning-rate', '1e30', '--threads', '1']
      await expect(command('fit', model, ...args, '--training-steps', '50', '--out', out)).rejects.toMatchObject({
        name: 'ConvergenceError',
        message: expect.stringMatching(/no finite number after \d+ steps?: nothing was learned, and no run is written/),
      })
      expect(existsSync(out)).toBe(false)
    }
  })
})
