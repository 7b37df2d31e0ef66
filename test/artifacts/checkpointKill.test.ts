import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCheckpoint } from '../../src/artifacts/checkpoint.js'
import { readMetrics } from '../../src/artifacts/metrics.js'
import { openStore } from '../../src/artifacts/store.node.js'
import { rng } from '../../src/tensor/random.js'
import { config, stateOf } from './checkpointWriter.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const rounds = 25
let folder: string

/** The writer as JavaScript, since Node 20 runs no TypeScript. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-kill-'))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--ignoreConfig', '--noCheck', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  const places = ['--rootDir', root, '--outDir', folder]
  await promisify(execFile)(process.execPath, [compiler, ...options, ...places, 'test/artifacts/checkpointWriter.ts'], {
    cwd: root,
  })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Runs the writer until it has saved once and `more` milliseconds longer, and kills it. */
async function writeAndKill(place: string, more: number): Promise<void> {
  const writer = spawn(process.execPath, [join(folder, 'test/artifacts/checkpointWriter.js'), '--write', place])
  const ended = new Promise<NodeJS.Signals | null>((resolve) => writer.on('exit', (_, signal) => resolve(signal)))
  let complaint = ''
  writer.stderr.on('data', (text) => {
    complaint += text
  })
  await Promise.race([new Promise((resolve) => writer.stdout.once('data', resolve)), ended])
  await wait(more)
  writer.kill('SIGKILL')
  expect([await ended, complaint]).toEqual(['SIGKILL', ''])
}

describe('a checkpoint', () => {
  it('is whole whenever the process is killed, and metrics go on without a gap', async () => {
    const place = join(folder, 'run')
    const store = openStore(place)
    const random = rng(1)
    let before = 0
    for (let round = 0; round < rounds; round++) {
      await writeAndKill(place, 20 * random.uniform())
      const found = await loadCheckpoint(store, config, stateOf)
      const { step, metricsBytes } = found!.state
      expect(step).toBeGreaterThan(before)
      expect(new Set<number | bigint>(found!.tensors.sums.data)).toEqual(new Set([step]))
      expect(await store.size('metrics.ndjson')).toBeGreaterThanOrEqual(metricsBytes)
      const steps = (await readMetrics(store)).map((line) => line.step)
      expect(steps).toEqual(steps.map((_, i) => i + 1))
      expect(steps.length).toBeGreaterThanOrEqual(step)
      before = step
    }
    expect(await store.list()).toEqual(['checkpoint.safetensors', 'metrics.ndjson'])
    await store.sweep()
    expect((await readdir(place)).sort()).toEqual(['checkpoint.safetensors', 'metrics.ndjson'])
  })
})
