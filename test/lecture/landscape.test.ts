import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Lecture, lecture } from '../../src/lecture/lecture.js'

let folder: string
let made: Lecture

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-landscape-'))
  made = await lecture({ out: folder, only: ['landscape'] })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

it('shows that regularization works: flat without it, a valley along the data with it', () => {
  expect(made.claims.map(({ number, holds }) => [number, holds])).toEqual([
    [1, true],
    [2, true],
  ])
  const shares = made.numbers
    .filter(({ label }) => label.includes('plane with F'))
    .map(({ value }) => Number.parseFloat(`${value}`))
  expect(shares).toHaveLength(4)
  expect(shares[0]).toBeGreaterThan(95)
  expect(shares[2]).toBeLessThan(25)
  for (let i = 1; i < shares.length; i++) expect(shares[i]).toBeLessThan(shares[i - 1])
})

it('writes its pictures, the page with the claim in it, and a model', async () => {
  for (const lambda of [0, 0.002, 0.004, 0.01]) {
    for (const kind of ['svg', 'png']) expect(existsSync(join(folder, `landscape-${lambda}.${kind}`))).toBe(true)
  }
  expect(existsSync(join(folder, 'landscape-0.004', 'model.safetensors'))).toBe(true)
  expect(await readFile(join(folder, 'index.html'), 'utf8')).toContain('Measured here, it holds:')
})
