import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../../src/data/pixels.node.js'
import { loadModel, readCodes, readNpy, type Tensor, toPng, writeNpz } from '../../src/index.js'
import { builtCli, energia } from './built.js'
import { contentsOf, events, files, npy, png, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const strokes = at('strokes')
let data: string

async function succeeds(args: readonly string[], stdout?: RegExp) {
  const outcome = await energia(args)
  expect({ code: outcome.code, stderr: outcome.code === 0 ? '' : outcome.stderr }).toEqual({ code: 0, stderr: '' })
  if (stdout) expect(outcome.stdout).toMatch(stdout)
  return outcome
}

const fitArgs = (source: string, out: string, ...more: string[]) => [
  ...['fit', 'sparse-coding', '--data', source, '--atoms', '12', '--epochs', '2', '--out', out, ...more],
]

beforeAll(async () => {
  data = files(folder, { 'data.npy': npy([300, 5, 5]) })['data.npy']
  const { stdout } = await succeeds(
    fitArgs(data, strokes, '--lambda', '0.3', '--centre', '--held-out', '0.2', '--seed', '5'),
  )
  expect(stdout).toMatch(/objective per observation +[\d.]+ +on 2\d\d observations/)
  expect(stdout).toMatch(/held-out objective per observation +[\d.]+/)
  expect(stdout).toMatch(/active coefficients per code +[\d.]+/)
  expect(stdout).toMatch(/worst certified relative gap +[\d.]+/)
  expect(stdout).toMatch(/atoms in use +12 +of 12/)
  expect(stdout).toMatch(/seconds of learning +[\d.]+/)
  expect(stdout).toContain(`energia show ${strokes}`)
}, 120_000)

describe('encode and decode', () => {
  it('save codes with certificates, and bring back the units of the data', async () => {
    const codes = at('codes.npz')
    const { stdout } = await succeeds(['encode', strokes, '--data', data, '--out', codes])
    expect(stdout).toMatch(/status +300 converged/)
    const saved = await readCodes(codes)
    expect(saved.codes.shape).toEqual([300, 12])
    expect(Object.keys(saved.arrays).sort()).toEqual(
      ['context_0_mean', 'energy', 'gap', 'observation_shape', 'status', 'steps'].sort(),
    )

    const out = at('images.npy')
    await succeeds(['decode', strokes, '--codes', codes, '--out', out], /300 observations are in/)
    const decoded = await readNpy(out)
    expect(decoded.shape).toEqual([300, 5, 5])

    // The library says the same from the model and the means.
    const model = await loadModel(strokes, { model: 'sparse-coding' })
    const means = saved.arrays.context_0_mean.data as Float32Array
    const expected = await model.decode(saved.codes, { '0.mean': { shape: [300], data: means } })
    expect(decoded.data).toEqual(expected.data)
    const { data: observed } = (await readNpy(data)) as Tensor
    const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    for (let i = 0; i < 300; i++) {
      const [there, back] = [observed, expected.data].map((all) => meanOf(all.subarray(25 * i, 25 * i + 25)))
      expect(Math.abs(there - back)).toBeLessThan(0.5)
    }
    model.dispose()
  })

  it('write a picture an observation', async () => {
    const codes = at('some.npz')
    await succeeds(['encode', strokes, '--data', data, '--out', codes])
    await succeeds(['decode', strokes, '--codes', codes, '--out', at('pictures')])
    const names = readdirSync(at('pictures')).sort()
    expect(names).toHaveLength(300)
    expect([names[0], names[299]]).toEqual(['000.png', '299.png'])
    expect((await decodeImage(new Uint8Array(readFileSync(at('pictures', '007.png'))), '7')).shape).toEqual([5, 5])
  })

  it('take images apart into patches and put them together again', async () => {
    mkdirSync(at('scenes'))
    const smooth = (height: number, width: number) =>
      Uint8Array.from(
        { length: height * width },
        (_, i) => 128 + 90 * Math.sin((i % width) / 7) * Math.cos(i / width / 9),
      )
    for (const [name, height, width] of [
      ['one', 70, 83],
      ['two', 90, 66],
    ] as const) {
      writeFileSync(
        at('scenes', `${name}.png`),
        await toPng({ width, height, channels: 1, pixels: smooth(height, width) }),
      )
    }
    const more = [
      '--patch',
      '6',
      '--whiten',
      'olshausen',
      '--lambda',
      '0.001',
      '--patches-per-epoch',
      '3000',
      '--atoms',
      '36',
    ]
    await succeeds(fitArgs(at('scenes'), at('edges'), ...more))
    await succeeds(['encode', at('edges'), '--data', at('scenes'), '--out', at('edges.npz')])
    await succeeds(['decode', at('edges'), '--codes', at('edges.npz'), '--out', at('again')], /2 images are in/)
    expect(readdirSync(at('again')).sort()).toEqual(['one.png', 'two.png'])
    for (const name of ['one.png', 'two.png']) {
      const before = await decodeImage(new Uint8Array(readFileSync(at('scenes', name))), name)
      const after = await decodeImage(new Uint8Array(readFileSync(at('again', name))), name)
      expect(after.shape).toEqual(before.shape)
      const error = before.data.reduce((sum, value, i) => sum + (value - after.data[i]) ** 2, 0) / before.data.length
      expect(Math.sqrt(error)).toBeLessThan(0.05)
    }

    const unequal = await energia(['decode', at('edges'), '--codes', at('edges.npz'), '--out', at('again.npy')])
    expect(unequal).toMatchObject({ code: 2, stderr: expect.stringMatching(/unequal sizes.*--patches/) })
    expect(existsSync(at('again.npy'))).toBe(false)
    await succeeds(['decode', at('edges'), '--codes', at('edges.npz'), '--out', at('cut.npy'), '--patches'])
    expect((await readNpy(at('cut.npy'))).shape).toEqual([12 * 14 + 15 * 11, 6, 6])
  })

  it('say clearly which observations did not converge', async () => {
    const args = ['encode', strokes, '--data', data, '--solver', 'ista', '--max-steps', '1', '--out', at('early.npz')]
    const outcome = await energia(args)
    expect(outcome.code).toBe(0)
    expect(outcome.stderr).toMatch(/of 300 observations did not converge \(maxSteps\).*--max-steps/)
    const { arrays } = await readCodes(at('early.npz'))
    expect((arrays.status.data as Uint8Array).includes(1)).toBe(true)
  })
})

describe('energy', () => {
  it('writes the same numbers as CSV, to a file or standard output, and as npy', async () => {
    const { stdout } = await succeeds(['energy', strokes, '--data', data])
    const [head, ...lines] = stdout.trimEnd().split('\n')
    expect(head).toBe('index,energy,gap,active,status')
    expect(lines).toHaveLength(300)
    await succeeds(['energy', strokes, '--data', data, '--out', at('scores.csv')])
    expect(readFileSync(at('scores.csv'), 'utf8')).toBe(stdout)
    await succeeds(['energy', strokes, '--data', data, '--out', at('scores.npy')])
    const scores = await readNpy(at('scores.npy'))
    expect(Array.from(scores.data as Float64Array)).toEqual(lines.map((line) => Number(line.split(',')[1])))
    for (const [i, line] of lines.entries()) {
      const [index, energy, gap, active, status] = line.split(',')
      expect(Number(index)).toBe(i)
      expect(Number(gap)).toBeLessThanOrEqual(1e-6 * Number(energy))
      expect(Number(active)).toBeLessThanOrEqual(12)
      expect(status).toBe('converged')
    }
  })

  it('reads npy from standard input', async () => {
    const { stdout } = await energia(['energy', strokes, '--data', data])
    const piped = await energia(['energy', strokes, '--data', '-'], { input: new Uint8Array(readFileSync(data)) })
    expect(piped).toMatchObject({ code: 0, stdout })
  })

  it('is quiet when its reader goes away', async () => {
    const main = await builtCli()
    const command = `"${process.execPath}" "${main}" energy "${strokes}" --data digits --json | head -c 10`
    const wide = spawnSync('sh', ['-c', command.replace('digits --json', data)], { encoding: 'utf8' })
    expect(wide).toMatchObject({ status: 0, stdout: 'index,ener', stderr: '' })
  })
})

describe('show', () => {
  it('draws the atoms in the terminal, with colours only where they are wanted', async () => {
    const plain = await succeeds(['show', strokes], /learned from +data|regularizer +l1, lambda 0\.3/)
    expect(plain.stdout).not.toContain('\x1b')
    const coloured = await energia(['show', strokes], { env: { FORCE_COLOR: '3' } })
    expect(coloured.stdout).toContain('\x1b[38;2;')
    const off = await energia(['show', strokes, '--no-color'], { env: { FORCE_COLOR: '3' } })
    expect(off.stdout).toBe(plain.stdout)
  })

  it('writes pictures and a report', async () => {
    for (const name of ['atoms.png', 'atoms.svg', 'report.html']) {
      await succeeds(['show', strokes, '--out', at(name)])
    }
    expect((await decodeImage(new Uint8Array(readFileSync(at('atoms.png'))), 'atoms')).shape).toHaveLength(2)
    expect(readFileSync(at('atoms.svg'), 'utf8')).toMatch(/^<svg /)
    expect(readFileSync(at('report.html'), 'utf8')).toMatch(
      /^<!doctype html>(.|\n)*Energy per observation while learning/,
    )
  })
})

describe('fit', () => {
  it('serves every regularizer, update and preprocessing', async () => {
    const weights = files(folder, {
      'weights.npy': npy(
        [12],
        Array.from({ length: 12 }, (_, i) => 1 + i / 12),
      ),
    })
    const variants = [
      ['--regularizer', 'weighted-l1', '--weights', weights['weights.npy'], '--lambda', '0.2', '--unit-variance'],
      ['--regularizer', 'nonnegative', '--lambda', '0.2', '--nonnegative-atoms', '--contrast', 'global'],
      [
        '--regularizer',
        'elastic-net',
        '--ridge',
        '0.1',
        '--lambda-ratio',
        '0.3',
        '--whiten',
        'zca',
        '--zca-floor',
        '0.01',
      ],
      ['--regularizer', 'group', '--group-size', '3', '--lambda', '0.2', '--update', 'gradient', '--rate', '0.5'],
      ['--regularizer', 'top-k', '--active', '3', '--update', 'gradient', '--normalization', 'sum-of-norms'],
      ['--regularizer', 'l0', '--lambda', '0.1', '--forgetting', '1', '--batch', '64', '--dead-after', '500'],
    ]
    for (const [i, options] of variants.entries()) {
      await succeeds(fitArgs(data, at(`variant-${i}`), ...options), /objective per observation/)
    }
    const { settings } = await loadModel(at('variant-4'))
    expect(settings).toMatchObject({
      regularizer: { kind: 'top-k', active: 3 },
      update: { normalization: 'sum-of-norms' },
    })
  })

  it('takes a folder of small images of one size whole, and a part of larger ones with --patch', async () => {
    mkdirSync(at('small'))
    for (let i = 0; i < 40; i++) writeFileSync(at('small', `${i}.png`), await png(8, 8, i))
    await succeeds(fitArgs(at('small'), at('whole-images'), '--lambda', '0.1'))
    expect((await loadModel(at('whole-images'))).settings).toMatchObject({
      observation: [8, 8],
      input: { kind: 'observations' },
    })
    await succeeds(
      fitArgs(
        at('small'),
        at('patches'),
        '--lambda',
        '0.1',
        '--patch',
        '4x3',
        '--patches-per-epoch',
        '500',
        '--held-out',
        '0.1',
      ),
    )
    expect((await loadModel(at('patches'))).settings).toMatchObject({ observation: [4, 3], input: { kind: 'images' } })
  })

  it('stops on a held-out source with patience, or after seconds', async () => {
    const more = ['--lambda', '0.3', '--epochs', '500', '--held-out', data, '--patience', '1']
    const { stdout } = await succeeds(fitArgs(data, at('patient'), ...more, '--json'))
    const reports = events(stdout).filter(({ event }) => event === 'progress')
    expect(reports.at(-1)?.epoch).toBeLessThan(500)
    const timed = await succeeds([
      'fit',
      'sparse-coding',
      '--data',
      data,
      '--lambda',
      '0.3',
      '--atoms',
      '8',
      '--seconds',
      '0.3',
      '--out',
      at('timed'),
      '--json',
    ])
    expect(events(timed.stdout).at(-1)).toMatchObject({ event: 'done', atoms: 8 })
  })

  it('takes --array for --data alone, and #name for held-out data', async () => {
    const [first, second] = [npy([60, 5, 5]), npy([40, 5, 5], Array(1000).fill(0.5))]
    const [some, others] = await Promise.all([first, second].map((bytes) => readNpy(bytes)))
    const { 'two.npz': two } = files(folder, { 'two.npz': await writeNpz({ some, others }) })
    for (const heldOut of [data, `${two}#others`]) {
      const more = ['--array', 'some', '--held-out', heldOut, '--lambda', '0.3', '--overwrite']
      await succeeds(fitArgs(two, at('array'), ...more), /held-out objective per observation/)
    }
  })

  it('replaces a run with --overwrite', async () => {
    const before = contentsOf(at('patient'))
    await succeeds(fitArgs(data, at('patient'), '--lambda', '0.3', '--overwrite', '--seed', '9'))
    expect(contentsOf(at('patient'))).not.toEqual(before)
  })
})

describe('--json', () => {
  it('writes an event a line, from start to done', async () => {
    const runs = [
      fitArgs(data, at('json'), '--lambda', '0.3', '--json'),
      ['encode', at('json'), '--data', data, '--out', at('json.npz'), '--json'],
      ['decode', at('json'), '--codes', at('json.npz'), '--out', at('json.npy'), '--json'],
      ['energy', at('json'), '--data', data, '--json'],
    ]
    for (const args of runs) {
      const { stdout, stderr } = await succeeds(args)
      expect(stderr).toBe('')
      const all = events(stdout)
      expect(all[0]).toMatchObject({ event: 'start', command: args[0] })
      expect(all.at(-1)?.event).toBe('done')
      expect(all.map(({ event }) => event)).toContain(args[0] === 'energy' ? 'energy' : 'progress')
    }
    const shown = await succeeds(['show', at('json'), '--json'])
    expect(events(shown.stdout)).toEqual([expect.objectContaining({ event: 'done', atomsInUse: 12 })])
  })

  it('writes an error as an event too', async () => {
    const outcome = await energia(['show', at('absent'), '--json'])
    expect(outcome.code).toBe(1)
    expect(events(outcome.stdout)).toEqual([{ event: 'error', message: expect.stringContaining('not a run folder') }])
    expect(outcome.stderr).toContain('not a run folder')
  })
})
