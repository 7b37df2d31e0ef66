import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { definedEnergy } from '../../cli/actions/energyFile.js'
import { drawn } from '../../cli/actions/sample.js'
import { complain } from '../../cli/complaint.js'
import { energia } from './built.js'
import { commands } from './command.js'
import { npy, temporaryFolder } from './support.js'

const { command } = commands()
const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const file = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(at(name), contents)
  return at(name)
}
const points = file(
  'points.npy',
  npy(
    [30, 2],
    Array.from({ length: 60 }, (_, i) => (1 + Math.sin(i * i)) / 2),
  ),
)
const fitted = (energy: string) => ['fit', 'latent-variable', '--energy', energy, '--data', points, '--out', at('no')]

describe('code that an energy is defined by', () => {
  it('that ends the process ends it with a sentence and 1', async () => {
    const { code, stderr } = await energia(fitted(file('exit.mjs', 'process.exit(0)')))
    expect(stderr).toMatch(/^energia: .*exit\.mjs ended the process before it gave an energy/)
    expect(code).toBe(1)
  })

  it('that never settles is given up after a time that is said', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const waiting = definedEnergy(file('never.mjs', 'await new Promise(() => {})'), {})
      const refused = expect(waiting).rejects.toThrow(/never\.mjs gave no energy within 60 seconds/)
      await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0))
      await vi.advanceTimersByTimeAsync(60_000)
      await refused
    } finally {
      vi.useRealTimers()
    }
  })

  it('that throws in a later call is said to be at fault', async () => {
    const later = file(
      'later.mjs',
      `let calls = 0
      export default ({ defineModule, squaredError }) => ({
        shapes: { y: 2, z: 2 },
        decoder: defineModule({ name: 'later', outputShape: [2], apply: (_, z) => {
          if (++calls > 1) throw new TypeError('out of ideas')
          return z
        } }),
        cost: squaredError(),
      })`,
    )
    await expect(command(...fitted(later))).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/A function of .*later\.mjs failed: out of ideas/),
    })
  })
})

describe('a description', () => {
  it('that is nested without end is refused by its depth', async () => {
    const deep = file('deep.json', `{"decoder":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)
    await expect(command(...fitted(deep))).rejects.toThrow(/deep\.json nests lists and objects more than 64 deep/)
  })

  it('of sizes that no memory holds is refused with the size', async () => {
    const huge = {
      shapes: { y: 2, z: 1 },
      decoder: { kind: 'mlp', inputs: 1, hidden: [1e9], outputs: 2 },
      cost: 'squared-error',
    }
    await expect(command(...fitted(file('huge.json', JSON.stringify(huge))))).rejects.toThrow(/huge\.json.*GiB/)
    const vae = ['fit', 'vae', '--data', points, '--latent', '1000000000', '--out', at('no')]
    await expect(command(...vae)).rejects.toThrow(/GiB; a module may have 1 GiB/)
  })
})

describe('samples', () => {
  const run = at('vae')
  beforeAll(async () => {
    const { energia: program } = await import('../../cli/program.js')
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const args = ['fit', 'vae', '--data', points, '--latent', '2', '--hidden', '4', '--epochs', '1', '--out', run]
    await program().parseAsync(args, { from: 'user' })
    vi.restoreAllMocks()
  })

  it('are drawn in batches that differ, the first from the seed itself, until the signal fires', async () => {
    const asked: { count: number; seed: number }[] = []
    const model = {
      observation: [4],
      codeLength: 2,
      async *sample({ count, seed }: { count: number; seed: number }) {
        asked.push({ count, seed })
        yield { shape: [count, 4], data: new Float32Array(4 * count) }
      },
    }
    const abort = new AbortController()
    for await (const _ of drawn(model, { count: 25, seed: 7, atOnce: 40 }, abort)) {
      // Only what is asked for counts.
    }
    expect(asked.map(({ count }) => count)).toEqual([10, 10, 5])
    expect(asked[0].seed).toBe(7)
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(3)
    asked.length = 0
    for await (const _ of drawn(model, { count: 1e9, seed: 7, atOnce: 40 }, abort)) abort.abort()
    expect(asked).toHaveLength(1)
    const x = { shape: [1, 2], data: new Float32Array(2) }
    await expect(drawn(model, { count: 1e9, seed: 7, x }, abort).next()).rejects.toThrow(/more than can be held/)
  })

  it('without end stop with Ctrl-C and leave nothing', async () => {
    const { code, stderr } = await energia(['sample', run, '--count', '1000000000', '--out', at('endless.npy')], {
      onError: (text, kill) => {
        if (/written/.test(text) && !/Stopping/.test(text)) kill('SIGINT')
      },
    })
    expect(stderr).toMatch(/Stopped after \d+ of 1000000000 samples/)
    expect(code).toBe(130)
    expect(() => readFileSync(at('endless.npy'))).toThrow(/ENOENT/)
  }, 60_000)
})

it('a lack of memory is advised on in words that hold for any model', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(complain(new RangeError('Array buffer allocation failed'), { debug: false, json: false })).toBe(1)
  expect(said.mock.calls[0][0]).toMatch(/Use a smaller model, smaller batches/)
})
