import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCodes, readNpyTensor } from '../../src/index.js'
import { commands } from './command.js'
import { events, files, npy, png, temporaryFolder } from './support.js'

const { command } = commands()
const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const data = files(folder, {
  'picture.png': await png(40, 36),
  'batch.npy': npy([3, 20, 20]),
  'vectors.npy': npy([6, 9]),
})
const small = ['--kernels', '4', '--size', '5', '--training-steps', '4', '--batch', '4', '--lambda', '0.5']
const learn = (source: string, out: string, ...more: string[]) =>
  command('fit', 'conv-autoencoder', '--data', source, ...small, '--out', at(out), ...more)

describe('energia fit conv-autoencoder', () => {
  it('learns from images, with events and a line that says where it is', async () => {
    const all = events(await learn(data['picture.png'], 'run', '--crop', '16', '--json'))
    expect(all[0]).toMatchObject({ event: 'start', command: 'fit', model: 'conv-autoencoder', kernels: 4 })
    expect(all.at(-1)).toMatchObject({ event: 'done', out: at('run'), active: expect.any(Number), status: 'finished' })
    await expect(learn(data['picture.png'], 'run')).rejects.toThrow(/--overwrite/)
  })

  it('codes images of any size by the encoder, refines codes, and decodes them', async () => {
    for (const [out, more] of [
      ['guess', []],
      ['swept', ['--sweeps', '3']],
      ['refined', ['--tolerance', '1e-3']],
    ] as const) {
      await command('encode', at('run'), '--data', data['batch.npy'], '--out', at(`${out}.npz`), ...more)
    }
    const [guess, swept, refined] = await Promise.all(
      ['guess', 'swept', 'refined'].map((name) => readCodes(at(`${name}.npz`))),
    )
    expect(guess.codes.shape).toEqual([3, 4 * 16 * 16])
    for (let i = 0; i < 3; i++) {
      const [first, between, least] = [guess, swept, refined].map(({ arrays }) => Number(arrays.energy.data[i]))
      expect(between).toBeLessThan(first)
      expect(least).toBeLessThanOrEqual(between)
    }
    // What an encoder predicts has no certificate, and none is made up.
    expect(Object.keys(guess.arrays)).not.toEqual(expect.arrayContaining(['stationarity']))
    await command('decode', at('run'), '--codes', at('refined.npz'), '--out', at('decoded.npy'))
    expect((await readNpyTensor(at('decoded.npy'))).shape).toEqual([3, 20, 20])
  })

  it('gives energies, is shown and exported', async () => {
    const rows = (await command('energy', at('run'), '--data', data['batch.npy'])).trimEnd().split('\n')
    expect(rows).toHaveLength(4)
    expect(await command('show', at('run'))).toMatch(/learned from +/)
    await command('show', at('run'), '--out', at('run.html'))
    expect(readFileSync(at('run.html'), 'utf8')).toContain('</html>')
    await command('export', at('run'), '--onnx')
    expect(readFileSync(at('run', 'onnx', 'README.md'), 'utf8')).toContain('localContrast')
  })

  it('refuses in a sentence what cannot be', async () => {
    await expect(learn(data['vectors.npy'], 'no')).rejects.toThrow('learns from images')
    await expect(learn(data['picture.png'], 'no', '--contrast', 'none', '--sigma', '3')).rejects.toThrow('--sigma')
    await expect(learn(data['picture.png'], 'no', '--steps', '2')).rejects.toThrow('conv-lista')
    const encode = (...more: string[]) =>
      command('encode', at('run'), '--data', data['batch.npy'], '--out', at('no.npz'), ...more)
    await expect(encode('--solver', 'fista')).rejects.toThrow('--tolerance refines')
    await expect(encode('--max-steps', '3')).rejects.toThrow('unless --tolerance refines')
    await expect(encode('--sweeps', '3', '--tolerance', '1e-3')).rejects.toThrow('sweeps of its own')
    await expect(encode('--sweeps', '-1')).rejects.toThrow('--sweeps')
  })
})
