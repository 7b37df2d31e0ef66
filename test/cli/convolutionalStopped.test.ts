import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { energia, type Outcome } from './built.js'
import { events, files, npy, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const { 'images.npy': images } = files(folder, { 'images.npy': npy([400, 16, 16]) })

const fitArgs = (out: string, ...more: string[]) => [
  ...['fit', 'conv-sparse-coding', '--data', images, '--kernels', '4', '--size', '5', '--lambda-ratio', '0.3'],
  ...['--epochs', '4', '--batch', '20', '--seed', '3', '--out', at(out), '--json', ...more],
]

/** Runs a command and stops it as Ctrl-C does once it has reported an event. */
function stopped(args: readonly string[], event = 'progress'): Promise<Outcome> {
  let sent = false
  return energia(args, {
    onOutput(text, kill) {
      if (sent || !text.includes(`"event":"${event}"`)) return
      sent = true
      kill('SIGINT')
    },
  })
}

it('kernels whose learning was stopped and resumed are the same bits as those learned at once', async () => {
  expect(await energia(fitArgs('whole'))).toMatchObject({ code: 0, stderr: '' })
  const first = await stopped(fitArgs('halves'))
  expect(first.code).toBe(130)
  expect(first.stderr).toContain(`energia ${fitArgs('halves').join(' ')} --resume`)
  expect(existsSync(at('halves', 'model.safetensors'))).toBe(false)
  expect(await energia(fitArgs('halves', '--resume', '--threads', '1'))).toMatchObject({ code: 0, stderr: '' })
  const model = (out: string) => readFileSync(at(out, 'model.safetensors'))
  expect(model('halves').equals(model('whole'))).toBe(true)
}, 120_000)

it('codes and features that were stopped leave no file', async () => {
  const before = readdirSync(folder).sort()
  for (const args of [
    ['encode', at('whole'), '--data', 'dead-leaves', '--out', at('codes.npz')],
    ['features', at('whole'), '--data', 'dead-leaves', '--out', at('features.parquet')],
  ]) {
    const outcome = await stopped([...args, '--json'])
    expect(outcome.code).toBe(130)
    expect(events(outcome.stdout).at(-1)).toMatchObject({ event: 'error' })
    expect(readdirSync(folder).sort()).toEqual(before)
  }
}, 120_000)

it('kernels are whole where measuring them was stopped', async () => {
  // Raw photographs, which keep their means, have dense codes; coding them takes much longer than learning.
  const args = [
    '--data',
    'photographs',
    '--kernels',
    '2',
    '--size',
    '8',
    '--lambda',
    '0.01',
    '--crop',
    '16',
    '--epochs',
    '1',
  ]
  const fit = ['fit', 'conv-sparse-coding', ...args, '--seconds', '1', '--out', at('measured'), '--json']
  const { code, stderr } = await stopped(fit, 'measuring')
  expect(code).toBe(130)
  expect(stderr).toContain(`the model in ${at('measured')} is whole`)
  expect(await energia(['show', at('measured')])).toMatchObject({ code: 0, stderr: '' })
}, 120_000)
