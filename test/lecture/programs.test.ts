import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deadLeaves } from '../../src/data/deadLeaves.js'
import { sections } from '../../src/lecture/sections.js'
import { writePng } from '../../src/views/writePng.js'
import { root } from '../docs/programs.js'

/*
 * Every program of the lecture's page is run as it stands but for what only costs time: passes, steps, crops and patches of learning are
 * cut to a few, and small made-up images stand in for photographs.
 */
const folderOfSections = join(root, 'src', 'lecture')
const programs: { readonly name: string; readonly text: string }[] = []
for (const file of readdirSync(folderOfSections)) {
  const exported: Record<string, unknown> = await import(join(folderOfSections, file))
  for (const [name, text] of Object.entries(exported)) {
    if (name.endsWith('Program') && typeof text === 'string') programs.push({ name, text })
  }
}

const smaller: readonly (readonly [RegExp, string])[] = [
  [/\bphotographs\(\)/g, 'deadLeaves({ width: 64, height: 64, count: 3 })'],
  [/\bphotographs,/g, 'deadLeaves,'],
  [/\bphotographs \}/g, 'deadLeaves }'],
  [/\bepochs: \d+/g, 'epochs: 1'],
  [/\bseconds: \d+/g, 'seconds: 1'],
  [/\btrainingSteps: \d+/g, 'trainingSteps: 10'],
  [/\b(cropsPerEpoch|patchesPerEpoch): \d+/g, '$1: 16'],
  [/\b(count|length): \d{4,}/g, '$1: 600'],
  [/\btake\(\d{4,}/g, 'take(600'],
  [/\blabels: \[.*\], seeds: \d+/g, 'labels: [1, 2], seeds: 1, kernels: 4, unlabelled: 50, testShare: 0.02'],
  [/\[1000, 2\]/g, '[600, 2]'],
]
const reduced = (text: string): string => smaller.reduce((left, [long, short]) => left.replace(long, short), text)

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'energia-lecture-programs-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'energia'), 'junction')
  // What a program that reads a folder of one's own finds in it.
  const leaves = deadLeaves({ width: 64, height: 64, count: 2, seed: 1, colour: true })
  mkdirSync(join(folder, 'photographs-in-colour'))
  for (const index of [0, 1]) {
    const { shape, data } = await leaves.image(index)
    const pixels = Uint8Array.from(data, (value) => Math.round(255 * Math.min(1, Math.max(0, value))))
    const picture = { width: shape[1], height: shape[0], channels: 3, pixels } as const
    await writePng(join(folder, 'photographs-in-colour', `${index}.png`), picture)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(name: string, text: string): Promise<{ code: number | null; said: string }> {
  const script = join(folder, `${name}.mjs`)
  writeFileSync(script, text)
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (piece) => {
      said += String(piece)
    })
    child.on('close', (code) => resolve({ code, said }))
  })
}

it('there is a program for every section', () => {
  expect(programs.length).toBeGreaterThanOrEqual(sections.length)
})

describe.each(programs)('$name', ({ name, text }) => {
  it('is of ten lines or fewer, and no wider than a page', () => {
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeLessThanOrEqual(10)
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(150)
  })

  it('runs', async () => {
    expect(await run(name, reduced(text))).toEqual({ code: 0, said: '' })
  })
})
