import { describe, expect, it } from 'vitest'
import { energia } from './built.js'
import { events } from './support.js'

const fit = ['fit', 'sparse-coding', '--data', 'digits', '--lambda', '1', '--out', 'nowhere']

/** What the parser refuses, and what it must say. */
const wrong: [args: string[], sentence: RegExp][] = [
  [[...fit, '--lamda', '1'], /unknown option '--lamda'\s+\(Did you mean --lambda\?\)/],
  [['encod', 'runs/x'], /unknown command 'encod'\s+\(Did you mean encode\?\)/],
  [['fit', 'sparse-codin', '--data', 'digits'], /unknown command 'sparse-codin'\s+\(Did you mean sparse-coding\?\)/],
  [['help', 'fitt'], /unknown command 'fitt'\s+\(Did you mean fit\?\)/],
  [['help', 'fit', 'vea'], /unknown command 'vea'\s+\(Did you mean vae\?\)/],
  [['fit', 'help', 'vea'], /unknown command 'vea'/],
  [['fitt', '--help'], /unknown command 'fitt'/],
  [['encode'], /missing required argument 'run'/],
  [['encode', 'runs/x', '--data', 'digits'], /required option '--out <file\.npz>' not specified/],
  [[...fit, '--regularizer', 'l7'], /Allowed choices are l1, weighted-l1/],
  [[...fit, '--epochs', 'many'], /'--epochs <n>' argument 'many' is invalid.*whole number, 1 or more/],
  [[...fit, '--epochs', '1000000000000000000'], /'--epochs <n>'.*too large to compute with/],
  [['show', 'a.png', 'b.png'], /too many arguments.*\s.*Quote a pattern/],
  [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
]

describe('wrong usage', () => {
  it.each(wrong)('%j is an event with --json, and a sentence on standard error always', async (args, sentence) => {
    const plain = await energia(args)
    expect(plain).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(sentence) })
    const outcome = await energia([...args, '--json'])
    expect(outcome.code).toBe(2)
    if (args[0] !== 'completion') expect(outcome.stderr).toBe(plain.stderr)
    const [event, ...others] = events(outcome.stdout)
    expect(others).toEqual([])
    expect(event).toEqual({ event: 'error', message: expect.stringMatching(/^energia: (?!error)[^\n]+$/) })
    if (args[0] !== 'completion') expect(event.message).toMatch(sentence)
  })

  it('no command at all is an event too', async () => {
    const outcome = await energia(['fit', '--json'])
    expect(outcome.code).toBe(2)
    expect(events(outcome.stdout)).toEqual([
      { event: 'error', message: expect.stringMatching(/fit needs the name of a model/) },
    ])
  })

  it('help and the version are no errors', async () => {
    for (const args of [['--version'], ['fit', '--help'], ['help'], ['help', 'fit'], [...fit, '--help', '--json']]) {
      const outcome = await energia(args)
      expect(outcome).toMatchObject({ code: 0, stderr: '' })
      expect(outcome.stdout).not.toContain('"event"')
    }
  })
})

describe('help of a command', () => {
  it('is the same however it is asked for', async () => {
    const { stdout } = await energia(['fit', 'vae', '--help'])
    expect(stdout).toContain('--latent')
    for (const args of [
      ['help', 'fit', 'vae'],
      ['fit', 'help', 'vae'],
    ]) {
      expect(await energia(args)).toMatchObject({ code: 0, stdout, stderr: '' })
    }
  })
})

describe('fit without the name of a model', () => {
  it('says which there are, and what to type', async () => {
    const { code, stdout, stderr } = await energia([
      'fit',
      '--data',
      'my digits.npy',
      '--atoms',
      '9',
      '--out',
      'runs/x',
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: fit needs the name of a model first: (.+, )?sparse-coding/)
    expect(stderr).toContain("\n  energia fit sparse-coding --data 'my digits.npy' --atoms 9 --out runs/x\n")
  })

  it('finds the name where it stands too late', async () => {
    const { code, stderr } = await energia(['fit', '--data', 'digits', 'sparse-coding', '--out', 'runs/x'])
    expect(code).toBe(2)
    expect(stderr).toContain('\n  energia fit sparse-coding --data digits --out runs/x\n')
  })
})
