import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { energia, type Outcome } from './built.js'
import { energies } from './energies.js'
import { events, files, npy, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const data = files(folder, { 'points.npy': npy([2000, 2]), ...energies })

/** One thread on both sides: graphs have the same bits at the same number of threads. */
const always = ['--json', '--threads', '1', '--checkpoint-seconds', '0.02', '--seed', '3']
const cases: Record<string, readonly string[]> = {
  vae: ['vae', '--data', 'digits', '--latent', '4', '--hidden', '48', '--epochs', '4'],
  lista: [
    'lista',
    '--data',
    'digits',
    '--atoms',
    '24',
    '--lambda',
    '1',
    '--dictionary-epochs',
    '1',
    '--training-steps',
    '150',
  ],
  psd: ['psd', '--data', 'digits', '--atoms', '24', '--lambda', '1', '--training-steps', '150'],
  'latent-variable': ['latent-variable', '--data', data['points.npy'], '--energy', data['curve.json'], '--epochs', '8'],
}

const model = (out: string) => readFileSync(at(out, 'model.safetensors'))
const fitArgs = (name: string, out: string, ...more: string[]) => [
  'fit',
  ...cases[name],
  '--out',
  at(out),
  ...always,
  ...more,
]

/** Runs a fit and sends it a signal as soon as there is a checkpoint and it says anything more. */
function interrupted(args: readonly string[], out: string, signal: NodeJS.Signals): Promise<Outcome> {
  let sent = false
  return energia(args, {
    onOutput(text, kill) {
      if (sent || !text.includes('"event":"progress"') || !existsSync(at(out, 'checkpoint.safetensors'))) return
      sent = true
      kill(signal)
    },
  })
}

it.each([
  ['vae', 'SIGINT'],
  ['lista', 'SIGINT'],
  ['vae', 'SIGKILL'],
  ['psd', 'SIGKILL'],
  ['latent-variable', 'SIGKILL'],
] as const)(
  '%s that was stopped by %s and resumed learns the same bits',
  async (name, signal) => {
    const whole = `${name}-whole`
    if (!existsSync(at(whole))) expect(await energia(fitArgs(name, whole))).toMatchObject({ code: 0, stderr: '' })
    const out = `${name}-${signal}`
    const first = await interrupted(fitArgs(name, out), out, signal)
    expect(existsSync(at(out, 'model.safetensors'))).toBe(false)
    if (signal === 'SIGKILL') expect(first.signal).toBe(signal)
    else {
      expect(first.code).toBe(130)
      expect(first.stderr).toContain('--resume')
      expect(events(first.stdout).at(-1)).toMatchObject({ event: 'error' })
    }
    const second = await energia(fitArgs(name, out, '--resume'))
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(model(out).equals(model(whole))).toBe(true)
    expect(existsSync(at(out, 'checkpoint.safetensors'))).toBe(false)
  },
  60_000,
)

it('a checkpoint that is damaged or of another configuration is refused, and left as it is', async () => {
  const out = 'damaged'
  expect((await interrupted(fitArgs('vae', out), out, 'SIGINT')).code).toBe(130)
  const other = await energia(fitArgs('vae', out, '--resume').map((word) => (word === '48' ? '40' : word)))
  expect(other.code).toBe(1)
  expect(other.stderr).toMatch(/belongs to another configuration/)
  const file = at(out, 'checkpoint.safetensors')
  const half = readFileSync(file).subarray(0, 5000)
  writeFileSync(file, half)
  const broken = await energia(fitArgs('vae', out, '--resume'))
  expect(broken.code).toBe(1)
  expect(broken.stderr).toMatch(/^energia: .*checkpoint\.safetensors/)
  expect(broken.stderr).not.toMatch(/defect|\n {4}at /)
  expect(readFileSync(file).equals(half)).toBe(true)
}, 60_000)
