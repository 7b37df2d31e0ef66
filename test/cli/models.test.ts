import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { models } from '../../cli/models/registry.js'
import { energia } from '../../cli/program.js'
import { createRun, readNpy, type Tensor } from '../../src/index.js'
import { commands } from './command.js'
import { shift } from './shiftModel.js'
import { events, files, npy, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const { 'data.npy': data } = files(folder, { 'data.npy': npy([30, 9]) })
const run = at('shift')

const { command, noted } = commands()

beforeAll(() => {
  models.push(shift)
})
afterAll(() => {
  models.splice(models.indexOf(shift), 1)
})
describe('a model that is registered', () => {
  it('is learned, and its own options reach it', async () => {
    const [start, progress, measuring, done] = events(
      await command('fit', 'shift', '--data', data, '--shift', '2', '--out', run, '--json'),
    )
    expect(start).toEqual({
      event: 'start',
      command: 'fit',
      model: 'shift',
      data: expect.any(String),
      shift: 2,
      out: run,
    })
    expect(progress).toEqual({ event: 'progress', fraction: 1 })
    expect(measuring).toEqual({ event: 'measuring' })
    expect(done).toEqual({ event: 'done', sample: 30, out: run })
  })

  it('codes, decodes and scores as every model does', async () => {
    await command('encode', run, '--data', data, '--out', at('codes.npz'))
    await command('decode', run, '--codes', at('codes.npz'), '--out', at('back.npy'))
    const [before, after] = [await readNpy(data), await readNpy(at('back.npy'))] as Tensor[]
    expect(after.shape).toEqual([30, 9])
    for (const [i, value] of after.data.entries()) expect(value).toBeCloseTo(before.data[i], 5)
    const lines = (await command('energy', run, '--data', data)).trimEnd().split('\n')
    expect(lines).toHaveLength(31)
    expect(lines[0]).toBe('index,energy,gap,active,status')
  })

  it('is shown', async () => {
    const text = await command('show', run)
    expect(text).toMatch(/observations +9\n\nfirst number +[-\d.]+/)
    expect(noted()).toContain('Means of 9 are no pictures')
    await command('show', run, '--out', at('report.html'))
    expect(readFileSync(at('report.html'), 'utf8')).toContain('½‖y − mean‖²')
    await expect(command('show', run, '--out', at('x.png'))).rejects.toThrow(/Means of 9 are no pictures.*report\.html/)
  })

  it('is drawn from, the same numbers for the same seed', async () => {
    await command('sample', run, '--count', '10', '--out', at('one.npy'))
    await command('sample', run, '--count', '10', '--out', at('two.npy'))
    await command('sample', run, '--count', '10', '--seed', '1', '--out', at('three.npy'))
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((name) => readNpy(at(`${name}.npy`))))
    expect(one.shape).toEqual([10, 9])
    expect(two).toEqual(one)
    expect(three).not.toEqual(one)
    await command('sample', run, '--count', '10', '--out', at('samples'))
    expect(readdirSync(at('samples')).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `${i}.png`))
    await expect(command('sample', run, '--out', at('one.npy'))).rejects.toThrow(/--overwrite/)
  })

  it('is exported, beside the run or elsewhere', async () => {
    await command('export', run, '--onnx', '--steps', '3')
    expect(Array.from(readFileSync(join(run, 'onnx', 'decoder.onnx')))).toEqual([2, 3])
    expect(events(await command('export', run, '--onnx', '--out', at('graphs'), '--json')).at(-1)).toEqual({
      event: 'done',
      files: ['encoder.onnx', 'decoder.onnx'],
      out: at('graphs'),
    })
    await expect(command('export', run, '--onnx')).rejects.toThrow(/holds files already; pass --overwrite/)
    await expect(
      command('export', run, '--onnx', '--steps', '3', '--tolerance', '0.1', '--out', at('no')),
    ).rejects.toThrow(/one of --steps and --tolerance/)
    expect(existsSync(at('no'))).toBe(false)
  })

  it('has a help of its own', () => {
    const fit = energia().commands.find((each) => each.name() === 'fit')
    const help = fit?.commands.find((each) => each.name() === 'shift')?.helpInformation()
    expect(help).toContain('--shift <number>')
    expect(help).toContain('--resume')
    expect(help).not.toContain('--atoms')
  })
})

describe('a model that cannot do what others can', () => {
  it('says which can', async () => {
    const strokes = at('strokes')
    const sized = ['--atoms', '4', '--lambda', '0.5', '--epochs', '1']
    await command('fit', 'sparse-coding', '--data', data, ...sized, '--out', strokes)
    await expect(command('sample', strokes, '--out', at('no.npy'))).rejects.toThrow(
      /strokes holds a model of sparse-coding, which cannot be drawn from; vae, latent-variable, shift can\./,
    )
    const still: typeof shift = {
      ...shift,
      async open(...args) {
        const { onnx: _, ...rest } = await shift.open(...args)
        return rest
      },
    }
    models.splice(models.indexOf(shift), 1, still)
    await expect(command('export', run, '--onnx', '--out', at('none'))).rejects.toThrow(
      /cannot be exported; sparse-coding, .*shift can\./,
    )
    models.splice(models.indexOf(still), 1, shift)
    expect(existsSync(at('none'))).toBe(false)
  })

  it('of a kind that is not known is refused with those that are', async () => {
    await (await createRun(at('future'))).begin('dream', {})
    await expect(command('show', at('future'))).rejects.toThrow(
      /holds a run of dream, .*sparse-coding, .*shift.*update/,
    )
  })
})

it('there are commands to draw and export only where a model serves them', () => {
  const names = () => energia().commands.map((each) => each.name())
  expect(names()).toEqual(expect.arrayContaining(['show', 'sample', 'export']))
  const all = models.splice(0, models.length, { ...shift, also: ['sample'] })
  expect(names()).toEqual(expect.arrayContaining(['show', 'sample']))
  expect(names()).not.toContain('export')
  models.splice(0, models.length, ...all)
})
