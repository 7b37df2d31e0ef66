import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, blocks, isProgram, pages, root } from './programs.js'

const programs = pages().flatMap((page) => blocks(page).filter(isProgram))

/** README.md:12 → readme-12 */
const fileOf = ({ page, line }: Block): string =>
  `${page
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .toLowerCase()}-${line}`

let folder: string
let complaints = ''

// The programs are compiled together, against the built package's types, in a project like a reader's own.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'energia-docs-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'energia'), 'junction')
  symlinkSync(join(root, 'node_modules', '@types'), join(folder, 'node_modules', '@types'), 'junction')
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = {
    ...{ target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] },
    ...{ lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'], rootDir: 'src', outDir: 'out' },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  for (const program of programs) {
    writeFileSync(join(folder, 'src', `${fileOf(program)}.ts`), `${program.text}\nexport {}\n`)
  }
  try {
    execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
      cwd: folder,
      encoding: 'utf8',
    })
  } catch (error) {
    complaints = (error as { stdout: string }).stdout
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('there are programs to run', () => {
  expect(programs.length).toBeGreaterThan(5)
})

describe.each(programs.map((program) => ({ name: `${program.page}:${program.line}`, program })))(
  '$name',
  ({ program }) => {
    it('compiles under strict types', () => {
      const own = complaints.split('\n').filter((line) => line.includes(`${fileOf(program)}.ts`))
      expect(own).toEqual([])
    })

    it('runs', () => {
      const cwd = join(folder, 'runs', fileOf(program))
      mkdirSync(cwd, { recursive: true })
      const script = join(folder, 'out', `${fileOf(program)}.js`)
      const { status, stderr } = spawnSync(process.execPath, [script], { cwd, encoding: 'utf8', timeout: 60_000 })
      expect(`${stderr}${status === 0 ? '' : readFileSync(script, 'utf8')}`).toBe('')
      expect(status).toBe(0)
    })
  },
)
