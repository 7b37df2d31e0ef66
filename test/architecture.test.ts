import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** The layers of `src/`, from the ground up: a folder imports those before it. */
const layers = [
  'tensor',
  'kernels',
  'graph',
  'runtime',
  'data',
  'preprocess',
  'energy',
  'inference',
  'learning',
  'diagnostics',
  'views',
  'artifacts',
  'models',
  'restoration',
  'lecture',
]

/** Names that stand for one file in Node and another in browsers, and the folder they are in. */
const seams: Record<string, string> = {
  '#kernels/host': 'kernels',
  '#runtime/backend': 'runtime',
  '#data/files': 'data',
  '#data/pixels': 'data',
  '#artifacts/store': 'artifacts',
  '#artifacts/process': 'artifacts',
  '#views/raster': 'views',
}

/** Packages that need Node, and so are for seams and the command line only. */
const nodePackages = new Set(['sharp', 'onnxruntime-node'])

/** A module by its path from the repository's root, with `/` between names. */
type Modules = ReadonlyMap<string, string>

/** Every module name that a source imports: statically, dynamically, for types, or to export again. */
function importsOf(source: string): string[] {
  const bare = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const patterns = [
    /\b(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\1/g,
    /\bimport\s*\(\s*(?:\/\*[^*]*\*\/\s*)?(['"`])([^'"`\n]+)\1/g,
    /\brequire\s*\(\s*(['"])([^'"\n]+)\1/g,
  ]
  return patterns.flatMap((pattern) => [...bare.matchAll(pattern)].map((match) => match[2]))
}

const isNodeOnly = (path: string) => /\.node\.[jt]s$/.test(path) || path.startsWith('cli/')
const folderOf = (path: string) => (path.startsWith('src/') ? path.split('/').slice(1, -1)[0] : undefined)

/** What is wrong with one import, if anything. */
function violation(from: string, name: string): string | undefined {
  if (name.startsWith('node:'))
    return isNodeOnly(from) ? undefined : `${name} is Node's; it belongs in a *.node.ts seam`
  if (nodePackages.has(name)) return isNodeOnly(from) ? undefined : `${name} needs Node; it belongs in a *.node.ts seam`
  const target =
    name in seams ? `src/${seams[name]}/seam` : name.startsWith('.') ? posix.join(posix.dirname(from), name) : undefined
  if (name.startsWith('#') && target === undefined) return `${name} is no seam that this test knows`
  if (target === undefined) return undefined
  if (from.startsWith('cli/')) {
    return target.startsWith('cli/') || target === 'src/index.js'
      ? undefined
      : `${name}: the command line uses the public index only`
  }
  if (!target.startsWith('src/')) return `${name} lies outside src/`
  if (from === 'src/index.ts') return undefined
  if (target === 'src/index.js') return 'nothing in src/ imports the public index'
  const [own, other] = [folderOf(from), folderOf(target)]
  if (other === undefined) return undefined
  if (own === undefined) return `${name}: only the index may stand above the folders`
  if (!layers.includes(other)) return `${name}: ${other} is no layer`
  if (own === other) return undefined
  if (layers.indexOf(other) > layers.indexOf(own)) return `${name}: ${own} stands below ${other}`
  return undefined
}

/** Every violation, and an error where there is nothing to look at. */
function violations(modules: Modules): string[] {
  if (![...modules.keys()].some((path) => path.startsWith('src/'))) throw new Error('There are no modules in src/.')
  const found: string[] = []
  for (const [path, source] of modules) {
    const folder = folderOf(path)
    if (folder !== undefined && !layers.includes(folder)) found.push(`${path}: ${folder} is no layer`)
    for (const name of importsOf(source)) {
      const wrong = violation(path, name)
      if (wrong) found.push(`${path}: ${wrong}`)
    }
  }
  return found
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function readModules(...folders: string[]): Promise<Map<string, string>> {
  const modules = new Map<string, string>()
  for (const folder of folders) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile() || !/\.[jt]sx?$/.test(entry.name)) continue
      const file = join(entry.parentPath, entry.name)
      modules.set(relative(root, file).split(sep).join('/'), await readFile(file, 'utf8'))
    }
  }
  return modules
}

describe('the house', () => {
  it('has every import going down', async () => {
    const modules = await readModules('src', 'cli')
    expect(modules.size).toBeGreaterThan(80)
    expect(violations(modules)).toEqual([])
  })

  it('has every layer that is named, and no other', async () => {
    const folders = (await readdir(join(root, 'src'), { withFileTypes: true })).filter((entry) => entry.isDirectory())
    expect(folders.map(({ name }) => name).sort()).toEqual([...layers].sort())
  })

  it('sees all imports that there are', async () => {
    const modules = await readModules('src', 'cli')
    for (const [path, source] of modules) {
      const lines = source
        .split('\n')
        .filter((line) => /^(import|export)\b.*\bfrom '/.test(line) || /^} from '/.test(line))
      const names = importsOf(source)
      for (const line of lines) expect(names, path).toContain(/from '([^']+)'/.exec(line)?.[1])
    }
    expect([...modules.values()].flatMap(importsOf).length).toBeGreaterThan(300)
  })

  it('gives each seam a twin for browsers with the same names', async () => {
    const modules = await readModules('src')
    const exported = (source: string) =>
      [...source.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)].map((match) => match[1]).sort()
    const halves = [...modules.keys()].filter((path) => path.endsWith('.node.ts'))
    expect(halves.length).toBe(Object.keys(seams).length)
    for (const half of halves) {
      const twin = modules.get(half.replace('.node.ts', '.browser.ts'))
      expect(twin, `the twin of ${half}`).toBeDefined()
      expect(exported(twin ?? ''), half).toEqual(exported(modules.get(half) ?? ''))
    }
    const { imports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    expect(Object.keys(imports).sort()).toEqual(Object.keys(seams).sort())
  })

  it('has no room with two families', async () => {
    for (const [path, source] of await readModules('src')) {
      if (path.includes('/embedded/')) continue
      expect(source.split('\n').length, `lines of ${path}`).toBeLessThanOrEqual(400)
    }
  })
})

describe('this test', () => {
  const good: [string, string][] = [
    ['src/tensor/tensor.ts', "import { ShapeError } from './errors.js'"],
    ['src/data/files.node.ts', "import { open } from 'node:fs/promises'"],
    [
      'src/models/model.ts',
      "import type { Tensor } from '../tensor/tensor.js'\nimport { store } from '#artifacts/store'",
    ],
    ['src/index.ts', "export { model } from './models/model.js'"],
    ['cli/main.ts', "import { Command } from 'commander'\nimport { model } from '../src/index.js'\nimport './fit.js'"],
  ]
  const bad: Record<string, [string, string]> = {
    'an import upwards': ['src/tensor/wrong.ts', "import { model } from '../models/model.js'"],
    'a type from above': ['src/energy/wrong.ts', "import type { Codes } from '../inference/codes.js'"],
    'an export from above': ['src/energy/wrong.ts', "export * from '../learning/update.js'"],
    'a dynamic import upwards': ['src/kernels/wrong.ts', "const late = await import('../views/mosaic.js')"],
    'a list of names over several lines': [
      'src/data/wrong.ts',
      "import {\n  a,\n  b,\n} from '../energy/regularizer.js'",
    ],
    'an import for its effects': ['src/data/wrong.ts', "import '../energy/regularizer.js'"],
    'a seam from above': ['src/data/wrong.ts', "import { store } from '#artifacts/store'"],
    'an unknown seam': ['src/data/wrong.ts', "import { store } from '#data/other'"],
    'models from elsewhere': ['src/artifacts/wrong.ts', "import { model } from '../models/model.js'"],
    'Node in shared code': ['src/data/wrong.ts', "import { Buffer } from 'node:buffer'"],
    'Node in a browser half': ['src/data/files.browser.ts', "import { open } from 'node:fs'"],
    'a native package in shared code': ['src/views/wrong.ts', "const sharp = await import('sharp')"],
    'the inside, from the command line': ['cli/wrong.ts', "import { rng } from '../src/tensor/random.js'"],
    'the index from within': ['src/models/wrong.ts', "import { tensor } from '../index.js'"],
    'a folder that is no layer': ['src/helpers/wrong.ts', ''],
    'something outside': ['src/data/wrong.ts', "import { fixture } from '../../test/support.js'"],
  }

  it('passes a house that is in order', () => {
    expect(violations(new Map(good))).toEqual([])
  })

  for (const [name, [path, source]] of Object.entries(bad)) {
    it(`notices ${name}`, () => {
      const found = violations(new Map([...good, [path, source]]))
      expect(found.length).toBe(1)
      expect(found[0]).toContain(path)
    })
  }

  it('fails where there is nothing to see', () => {
    expect(() => violations(new Map())).toThrow(/no modules/)
    expect(() => violations(new Map([['cli/main.ts', '']]))).toThrow(/no modules/)
  })
})
