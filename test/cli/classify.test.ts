import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { rng, toPng, writeNpy } from '../../src/index.js'
import { bars } from '../models/classifierProblems.js'
import { energia } from './built.js'
import { contentsOf, events, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)
const names = ['up right', 'level', 'slanted']
const quick = [
  '--labels',
  '2,6',
  '--seeds',
  '2',
  '--kernels',
  '4',
  '--kernel',
  '3',
  '--pool',
  '3',
  '--unlabelled',
  '20',
]
const short = ['--epochs', '2', '--least-steps', '15', '--learning-rate', '0.01', '--threads', '1']
const learn = (...args: string[]) => ['classify', '--data', at('bars'), '--out', at('run'), ...quick, ...short, ...args]

beforeAll(async () => {
  const { observations, labels } = bars(60, 12, 1)
  for (const name of names) mkdirSync(at('bars', name), { recursive: true })
  mkdirSync(at('new'))
  for (const [i, label] of labels.entries()) {
    const pixels = Uint8Array.from(observations.data.subarray(144 * i, 144 * (i + 1)), (v) => Math.round(255 * v))
    const png = await toPng({ width: 12, height: 12, channels: 1, pixels })
    writeFileSync(at('bars', names[label], `${i}.png`), png)
    if (i < 4) writeFileSync(at('new', `${i}, new.png`), png)
  }
  const random = rng(2)
  const pixels = Uint8Array.from({ length: 400 }, () => random.integer(256))
  mkdirSync(at('large'))
  writeFileSync(at('large', 'a.png'), await toPng({ width: 20, height: 20, channels: 1, pixels }))
  writeFileSync(at('data.npy'), writeNpy({ shape: [4, 12, 12], data: observations.data.slice(0, 576) }))
  writeFileSync(at('rows.npy'), writeNpy({ shape: [4, 5], data: new Float32Array(20) }))
  writeFileSync(at('classes.npy'), writeNpy({ shape: [4], data: Int32Array.of(0, 1, 0, 7) }))
})

describe('energia classify', () => {
  it('compares classifiers of a labelled folder, and uses the one that it keeps', async () => {
    const { code, stdout, stderr } = await energia([...learn(), '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const told = events(stdout)
    expect(told.find(({ event }) => event === 'start')).toMatchObject({ classes: [...names].sort(), out: at('run') })
    const done = told.at(-1) as unknown as { event: string; summary: object[]; error: number }
    expect(done.event).toBe('done')
    expect(done.summary).toHaveLength(5 * 2)
    expect(readFileSync(at('run', 'results.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 20)
    expect(JSON.parse(readFileSync(at('run', 'results.json'), 'utf8')).results).toHaveLength(20)
    expect(readFileSync(at('run', 'report.html'), 'utf8')).toContain('Errors with few and with many labels')

    const applied = await energia(['classify', at('run'), '--data', at('new'), '--out', at('new.csv')])
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('taken for level') })
    const lines = readFileSync(at('new.csv'), 'utf8').trim().split('\n')
    expect(lines[0]).toBe('image,predicted,level,slanted,up right')
    expect(lines).toHaveLength(5)
    for (const line of lines.slice(1)) {
      expect(line).toMatch(/^"\d, new\.png",(level|slanted|up right),/)
      const chances = line.split(',').slice(-3)
      expect(chances.map(Number).reduce((a, b) => a + b)).toBeCloseTo(1, 4)
    }
    const known = await energia(['classify', at('run'), '--data', at('bars'), '--out', at('all.csv'), '--json'])
    expect(events(known.stdout).at(-1)).toMatchObject({ observations: 60, error: expect.any(Number) })
    const sized = ['classify', at('run'), '--data', at('large'), '--out', at('large.csv')]
    expect(await energia(sized)).toMatchObject({ code: 1, stderr: expect.stringContaining('--size 12x12') })
    expect((await energia([...sized, '--size', '12'])).code).toBe(0)

    const before = contentsOf(at('run'))
    expect(await energia(learn())).toMatchObject({ code: 2, stderr: expect.stringContaining('run already') })
    const filters = [
      '--filters',
      at('run'),
      '--labels',
      '2',
      '--seeds',
      '1',
      '--conditions',
      'frozen',
      '--keep',
      'frozen',
    ]
    const again = ['classify', '--data', at('bars'), '--out', at('again'), '--pool', '3', ...filters, ...short]
    expect(await energia(again)).toMatchObject({ code: 0, stdout: expect.stringContaining('report.html') })
    expect(contentsOf(at('run'))).toEqual(before)
    expect(await energia(['encode', at('run'), '--data', 'digits', '--out', at('codes.npz')])).toMatchObject({
      ...{ code: 1, stderr: expect.stringMatching(/few-labels.*use it with: energia classify/) },
    })
  })

  it('goes on where it was stopped, to the same results', async () => {
    const slow = learn('--checkpoint-seconds', '0').map((word) => (word === at('run') ? at('stopped') : word))
    let sent = false
    const stopped = await energia([...slow, '--json'], {
      onOutput(text, kill) {
        if (sent || !text.includes('"error":')) return
        sent = true
        kill('SIGINT')
      },
    })
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toMatch(/A checkpoint is kept in .*\n {2}energia classify .*--resume/)
    expect((await energia([...slow, '--resume'])).code).toBe(0)
    expect(readFileSync(at('stopped', 'results.csv'), 'utf8')).toBe(readFileSync(at('run', 'results.csv'), 'utf8'))
  })
})

describe('bad input', () => {
  it.each<[string, () => string[], number, RegExp]>([
    [
      'no classes',
      () => ['--data', at('new'), '--out', at('x')],
      2,
      /Nothing tells the classes of .*subfolder.*--classes/,
    ],
    [
      'a label that is none',
      () => ['--data', at('data.npy'), '--classes', at('classes.npy'), '--out', at('x')],
      1,
      /no observation of class 2/,
    ],
    [
      'rows of numbers',
      () => ['--data', at('rows.npy'), '--classes', at('classes.npy'), '--out', at('x')],
      1,
      /class 2|images/,
    ],
    [
      'too many labels',
      () => ['--data', at('bars'), '--labels', '50', '--out', at('x')],
      1,
      /has 16 observations to learn from, fewer than the 50/,
    ],
    ['labels that are no numbers', () => ['--data', at('bars'), '--labels', '1,x', '--out', at('x')], 2, /1,3,10,all/],
    [
      'an unknown condition',
      () => ['--data', at('bars'), '--conditions', 'magic', '--out', at('x')],
      2,
      /no "magic"; there are random/,
    ],
    [
      'a condition to keep that is not compared',
      () => ['--data', at('bars'), '--conditions', 'random', '--keep', 'frozen', '--out', at('x')],
      2,
      /keep one of random, not frozen/,
    ],
    [
      'a kernel larger than images',
      () => ['--data', at('bars'), '--kernel', '15', '--out', at('x')],
      1,
      /15×15|side 15/,
    ],
    ['a file to learn into', () => ['--data', at('bars'), '--out', at('x.csv')], 2, /learning needs a folder/],
    ['resume and overwrite', () => ['--data', at('bars'), '--resume', '--overwrite', '--out', at('x')], 2, /not both/],
    [
      'nothing to go on with',
      () => ['--data', at('bars'), '--test-classes', at('classes.npy'), '--out', at('x')],
      2,
      /--test-classes are of --test/,
    ],
    ['no run', () => [at('nothing'), '--data', at('new'), '--out', at('x.csv')], 1, /nothing/],
    [
      'a rate that leads out of all numbers, after which nothing is left',
      () => {
        const args = ['--conditions', 'random', '--keep', 'random', ...quick, ...short, '--learning-rate', '1e30']
        return ['--data', at('bars'), '--out', at('far'), ...args]
      },
      1,
      /^energia: The loss of "random filters, learned" with \S+ labels a class.* is no finite number any more\. Lower the learning rate.*\n$/,
    ],
    [
      'learning options with a run',
      () => [at('nothing'), '--data', at('new'), '--seeds', '2', '--out', at('x.csv')],
      2,
      /--seeds is for learning/,
    ],
    [
      'predictions of another kind',
      () => [at('nothing'), '--data', at('new'), '--out', at('x.txt')],
      2,
      /ends in \.csv/,
    ],
  ])('%s', async (_, args, code, message) => {
    const found = await energia(['classify', ...args()])
    expect(found.stderr).toMatch(message)
    expect(found.code).toBe(code)
    expect(existsSync(at('far'))).toBe(false)
  })

  it.skipIf(process.platform === 'win32')('says names with line breaks on one line', async () => {
    for (const name of ['one', 'two\nlines']) mkdirSync(at('broken', name), { recursive: true })
    writeFileSync(at('broken', 'one', 'a.png'), readFileSync(at('large', 'a.png')))
    writeFileSync(at('broken', 'two\nlines', 'not\nan image.png'), 'text')
    const found = await energia(['classify', '--data', at('broken'), '--out', at('nothing')])
    expect(found.stderr).toMatch(/^energia: [^\n]*two\\nlines\/not\\nan image\.png[^\n]*\n$/)
    expect(found.code).toBe(1)
  })
})
