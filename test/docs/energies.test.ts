import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import * as energia from '../../src/index.js'
import { restoreLatentVariable } from '../../src/models/restoreLatentVariable.js'
import { type Block, blocks } from './programs.js'

const page = blocks('docs/command-line.md')

/** The page's one block of a language that matches. */
function only(language: string, pattern: RegExp): Block {
  const found = page.filter((block) => block.language === language && pattern.test(block.text))
  expect(found).toHaveLength(1)
  return found[0]
}

/** Learns from points of a circle for one epoch; the energy must be a number. */
async function learns(options: energia.LatentVariableOptions): Promise<void> {
  const points = Array.from({ length: 32 }, (_, i) => [Math.cos(i), Math.sin(i)])
  const learned = await energia
    .latentVariableModel(options)
    .fit({ shape: [32, 2], data: Float32Array.from(points.flat()) }, { epochs: 1 })
  try {
    const { energy } = await learned.encode({ shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) })
    expect([...energy].every((value) => Number.isFinite(value))).toBe(true)
  } finally {
    await learned.dispose()
  }
}

it('the description in JSON is of an energy that learns', async () => {
  const config: unknown = JSON.parse(only('json', /"decoder"/).text)
  await learns(restoreLatentVariable(config, 'energy.json:'))
})

it('the module gives one too, in JavaScript without its one type', async () => {
  const { text } = only('ts', /export default/)
  const script = text.replace(": typeof import('energia')", '')
  expect(script).not.toBe(text)
  const folder = mkdtempSync(join(tmpdir(), 'energia-docs-'))
  try {
    const file = join(folder, 'circle.mjs')
    writeFileSync(file, script)
    const { default: make }: { default: (library: typeof energia) => energia.LatentVariableOptions } = await import(
      pathToFileURL(file).href
    )
    await learns(make(energia))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
