import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { Observations, Pass } from '../../src/data/observations.js'

/** A folder of its own for a test file, removed at the end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'energia-data-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The path of a file that another program wrote; see fixtures/make.py. */
export const fixture = (name: string): string => join(fileURLToPath(new URL('./fixtures', import.meta.url)), name)
export const fixtureBytes = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(name)))

/** The batches of a pass as rows of plain numbers. */
export async function batchesOf(observations: Observations, pass: Pass): Promise<number[][][]> {
  const batches: number[][][] = []
  for await (const batch of observations.batches(pass)) {
    const width = batch.data.length / batch.shape[0]
    batches.push(Array.from({ length: batch.shape[0] }, (_, i) => [...batch.data.subarray(i * width, (i + 1) * width)]))
  }
  return batches
}

export const rowsOf = async (observations: Observations, pass: Pass = { batchSize: 7 }): Promise<number[][]> =>
  (await batchesOf(observations, pass)).flat()

/** What fixtures/make.py writes: 50 rows of 6 numbers. */
export const realRows = Array.from({ length: 50 }, (_, i) => Array.from({ length: 6 }, (_, j) => i + j / 8))
export const wholeRows = Array.from({ length: 50 }, (_, i) => Array.from({ length: 6 }, (_, j) => i - j))
