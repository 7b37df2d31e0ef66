import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { energia, type Outcome } from './built.js'
import { contentsOf, events, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)

const fitArgs = (out: string, ...more: string[]) => [
  ...['fit', 'sparse-coding', '--data', 'digits', '--atoms', '48', '--lambda', '1', '--epochs', '5', '--batch', '250'],
  ...['--seed', '3', '--out', at(out), '--json', ...more],
]

const model = (out: string) => readFileSync(at(out, 'model.safetensors'))

/** Runs a fit and sends it a signal once it has reported its progress this often. */
function interrupted(args: readonly string[], signal: NodeJS.Signals, after: number): Promise<Outcome> {
  let sent = false
  return energia(args, {
    onOutput(text, kill) {
      if (sent || text.split('"event":"progress"').length <= after) return
      sent = true
      kill(signal)
    },
  })
}

describe('learning that was stopped and resumed learns the same bits as learning that was not', () => {
  let whole: Buffer

  beforeAll(async () => {
    expect(await energia(fitArgs('whole'))).toMatchObject({ code: 0, stderr: '' })
    whole = model('whole')
  }, 60_000)

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s, which leaves a checkpoint and says how to go on', async (signal) => {
    const out = `by-${signal}`
    const first = await interrupted(fitArgs(out), signal, 2)
    expect(first.code).toBe(130)
    expect(first.stderr).toContain(`energia ${fitArgs(out).join(' ')} --resume`)
    expect(events(first.stdout).at(-1)).toMatchObject({ event: 'error' })
    expect(existsSync(at(out, 'checkpoint.safetensors'))).toBe(true)
    expect(existsSync(at(out, 'model.safetensors'))).toBe(false)

    const second = await energia(fitArgs(out, '--resume', '--threads', '1'))
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(at(out, 'checkpoint.safetensors'))).toBe(false)
    expect(model(out).equals(whole)).toBe(true)
  })

  it('by kill -9, twice', async () => {
    const often = ['--checkpoint-seconds', '0.02']
    const first = await interrupted(fitArgs('killed', ...often), 'SIGKILL', 2)
    expect(first.signal).toBe('SIGKILL')
    const second = await interrupted(fitArgs('killed', ...often, '--resume'), 'SIGKILL', 2)
    expect(second.signal).toBe('SIGKILL')
    const third = await energia(fitArgs('killed', '--resume'))
    expect(third).toMatchObject({ code: 0, stderr: '' })
    expect(model('killed').equals(whole)).toBe(true)

    // What was reported twice stands once in the metrics, in order.
    const lines = readFileSync(at('killed', 'metrics.ndjson'), 'utf8').trimEnd().split('\n')
    const steps = lines.map((line) => JSON.parse(line).step)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    expect(new Set(lines).size).toBe(lines.length)
  })

  it('and a checkpoint of another configuration is refused, with what differs', async () => {
    const stopped = await interrupted(fitArgs('other'), 'SIGINT', 1)
    expect(stopped.code).toBe(130)
    const before = contentsOf(at('other'))
    const args = fitArgs('other', '--resume').map((word) => (word === '48' ? '49' : word))
    const outcome = await energia(args)
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /belongs to another configuration: atoms is 48 there and 49 here.*--overwrite to start anew/,
    )
    expect(contentsOf(at('other'))).toEqual(before)
  })
})

it('encoding that is stopped writes nothing', async () => {
  const out = at('codes.npz')
  const args = ['--data', 'digits', '--solver', 'ista', '--tolerance', '1e-12', '--out', out, '--json']
  let sent = false
  const outcome = await energia(['encode', at('whole'), ...args], {
    onOutput(_, kill) {
      if (!sent) kill('SIGINT')
      sent = true
    },
  })
  expect(outcome.code).toBe(130)
  expect(existsSync(out)).toBe(false)
  expect(Object.keys(contentsOf(folder)).filter((name) => name.includes('codes'))).toEqual([])
})
