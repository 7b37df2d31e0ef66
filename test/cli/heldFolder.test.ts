import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFree, holding } from '../../src/artifacts/hold.js'
import { openStore } from '../../src/artifacts/store.node.js'
import { energia, type Outcome } from './built.js'
import { commands } from './command.js'
import { energies } from './energies.js'
import { contentsOf, files, npy, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const lockOf = (out: string) => at(out, '.energia.lock')

const fitArgs = (out: string, ...more: string[]) => [
  ...['fit', 'sparse-coding', '--data', 'digits', '--atoms', '16', '--lambda', '1', '--batch', '250', '--threads', '1'],
  ...['--seed', '3', '--out', at(out), '--json', '--checkpoint-seconds', '0.02', ...more],
]

/** Runs a fit, does something once it has reported its progress twice, and gives how it ended. */
async function whileLearning(
  args: readonly string[],
  act: (kill: (signal: NodeJS.Signals) => void) => Promise<void> | void,
): Promise<Outcome> {
  let acting: Promise<void> | undefined
  const outcome = await energia(args, {
    onOutput(text, kill) {
      if (acting || text.split('"event":"progress"').length <= 2) return
      acting = Promise.resolve(act(kill))
      acting.catch(() => kill('SIGKILL')) // it fails below
    },
  })
  await acting
  return outcome
}

describe('two processes in one run folder', () => {
  it('are told of each other: the second changes nothing and says who holds it; Ctrl-C lets go', async () => {
    const first = await whileLearning(fitArgs('two', '--epochs', '100000'), async (kill) => {
      kill('SIGSTOP') // so that what stands there is the same before and after
      try {
        const before = contentsOf(at('two'))
        const { process: holder } = JSON.parse(readFileSync(lockOf('two'), 'utf8'))
        for (const more of ['--overwrite', '--resume', '--json']) {
          const second = await energia(fitArgs('two', more))
          expect(second.code).toBe(1)
          expect(second.stderr).toMatch(
            new RegExp(`two is being written by process ${holder} since .* UTC; wait .* stop it, or choose another`),
          )
          expect(second.stderr.trimEnd().split('\n').length).toBe(1)
        }
        expect(contentsOf(at('two'))).toEqual(before)
      } finally {
        kill('SIGCONT')
        kill('SIGINT')
      }
    })
    expect(first.code).toBe(130)
    expect(existsSync(lockOf('two'))).toBe(false)
    expect(existsSync(at('two', 'checkpoint.safetensors'))).toBe(true)
  })

  it('one after the other, with kill -9 between them, need nothing done by hand', async () => {
    const killed = await whileLearning(fitArgs('killed', '--epochs', '100000'), (kill) => kill('SIGKILL'))
    expect(killed.signal).toBe('SIGKILL')
    expect(existsSync(lockOf('killed'))).toBe(true)
    const looked = await energia(['show', at('killed')])
    expect(looked.stderr).toMatch(/has no model\.safetensors/)
    const resumed = await energia(fitArgs('killed', '--resume', '--seconds', '0.1'))
    expect(resumed).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(at('killed')).sort()).toEqual([
      ...['README.md', 'atoms.png', 'config.json', 'metrics.ndjson', 'model.safetensors'],
    ])
  })

  it('also where Ctrl-C was pressed twice', async () => {
    const first = await whileLearning(
      fitArgs('twice', '--epochs', '100000', '--checkpoint-seconds', '1000'),
      (kill) => {
        kill('SIGINT')
        kill('SIGTERM')
      },
    )
    expect(first.code).toBe(130)
    expect(existsSync(lockOf('twice'))).toBe(false)
  })
})

describe('a folder that is held is refused and left alone by', () => {
  const { command } = commands()
  const data = files(folder, {
    'images.npy': npy([20, 12, 12]),
    'points.npy': npy([20, 2]),
    'curve.json': energies['curve.json'],
    'kinds.npy': npy(
      [20],
      Array.from({ length: 20 }, (_, i) => i % 2),
    ),
  })
  const images = ['--data', data['images.npy']]
  const cases: Record<string, string[]> = {
    'fit sparse-coding': ['fit', 'sparse-coding', ...images, '--lambda', '1'],
    'fit conv-sparse-coding': ['fit', 'conv-sparse-coding', ...images, '--lambda', '1'],
    'fit conv-autoencoder': ['fit', 'conv-autoencoder', ...images],
    'fit lista': ['fit', 'lista', ...images, '--atoms', '8', '--lambda', '1'],
    'fit psd': ['fit', 'psd', ...images, '--atoms', '8', '--lambda', '1'],
    'fit vae': ['fit', 'vae', ...images],
    'fit latent-variable': ['fit', 'latent-variable', '--data', data['points.npy'], '--energy', data['curve.json']],
    classify: ['classify', ...images, '--classes', data['kinds.npy']],
    lecture: ['lecture'],
  }
  it.each(Object.entries(cases))('%s', async (name, args) => {
    const out = at(name)
    await holding(openStore(out), async () => {
      await expect(command(...args, '--out', out)).rejects.toThrow(/is being written by other work of this process/)
      expect(readdirSync(out)).toEqual(['.energia.lock'])
    })
    await checkFree(openStore(out))
    expect(existsSync(out)).toBe(false)
  })
})
