import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { rng, toPng, writeNpy } from '../../src/index.js'

/** A folder of its own for a test file, removed at the end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'energia-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An npy file of numbers, drawn where none are given. */
export function npy(shape: readonly number[], values?: readonly number[]): Uint8Array {
  const random = rng(7)
  const size = shape.reduce((product, extent) => product * extent, 1)
  return writeNpy({ shape, data: Float32Array.from({ length: size }, (_, i) => values?.[i] ?? random.normal()) })
}

/** An IDX file of bytes that promises `shape` and holds `size` of them. */
export function idx(shape: readonly number[], size: number): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length))
  head.setUint32(0, 0x0800 + shape.length)
  for (const [i, extent] of shape.entries()) head.setUint32(4 + 4 * i, extent)
  return Uint8Array.from([...new Uint8Array(head.buffer), ...new Uint8Array(size).fill(100)])
}

/** A grey PNG of noise. */
export function png(height: number, width: number, seed = 1): Promise<Uint8Array> {
  const random = rng(seed)
  const pixels = Uint8Array.from({ length: height * width }, () => random.integer(256))
  return toPng({ width, height, channels: 1, pixels })
}

/** Writes files into a folder, and gives the path of each. */
export function files<Name extends string>(
  folder: string,
  contents: Readonly<Record<Name, Uint8Array | string>>,
): Record<Name, string> {
  const entries = Object.entries<Uint8Array | string>(contents).map(([name, content]) => {
    writeFileSync(join(folder, name), content)
    return [name, join(folder, name)]
  })
  return Object.fromEntries(entries) as Record<Name, string> // the names are those of the contents
}

/** Every file below a folder with a hash of its bytes. */
export function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const hashes = names.map((entry) => {
    const path = join(entry.parentPath, entry.name)
    return [path, createHash('sha256').update(readFileSync(path)).digest('hex')]
  })
  return Object.fromEntries(hashes.sort())
}

/** The events of `--json`, each line parsed. */
export function events(stdout: string): { readonly event: string; readonly [field: string]: unknown }[] {
  expectLines(stdout)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function expectLines(stdout: string): void {
  if (!stdout.endsWith('\n')) throw new Error(`Standard output does not end with a line: ${stdout.slice(-200)}`)
}
