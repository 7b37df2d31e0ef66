import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Names and paths that .gitignore keeps out; a pattern that starts with * is an ending. */
const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split(/\r?\n/).filter(Boolean)

function isIgnored(path: string, name: string): boolean {
  return ignored.some((pattern) => {
    if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1))
    const plain = pattern.replace(/\/$/, '')
    return plain.includes('/') ? path === plain.replace(/^\//, '') : name === plain
  })
}

/** The files that can be committed: those that a fresh clone would hold. */
function files(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const within = relative(root, path).split(sep).join('/')
    if (entry.name === '.git' || isIgnored(within, entry.name)) return []
    return entry.isDirectory() ? files(path) : [within]
  })
}

// Put together from pieces, so that this file does not hold what it looks for.
const registries = ['npmjs.' + 'org', 'npmjs.' + 'com', 'yarnpkg.' + 'com', 'npm.pkg.' + 'github', 'pypi.' + 'org']
const more = [
  'pythonhosted.' + 'org',
  'deb.' + 'debian.org',
  'crates.' + 'io',
  'proxy.' + 'golang.org',
  'repo1.' + 'maven',
]
const machines = [
  ['', 'work', ''],
  ['', 'root', ''],
  ['', 'home', '[a-z]'],
  ['', 'Users', '[a-zA-Z]'],
  ['C:', 'Users'],
]

const forbidden = new RegExp(
  [
    ...[...registries, ...more].map((host) => host.replaceAll('.', '\\.')),
    ...machines.map((parts) => `(?<![\\w.:)}-])${parts.join('[/\\\\]')}`),
  ].join('|'),
)

describe('committed files', () => {
  const all = files()

  it('are found', () => {
    expect(all).toContain('package-lock.json')
    expect(all).toContain('src/index.ts')
    expect(all).not.toContain('dist/src/index.js')
  })

  it('name no package registry and no path of a machine', () => {
    const found = all.flatMap((path) =>
      readFileSync(join(root, path), 'latin1')
        .split('\n')
        .flatMap((line, i) => {
          const match = forbidden.exec(line)
          return match ? [`${path}:${i + 1} ${match[0]}`] : []
        }),
    )
    expect(found).toEqual([])
  })

  it.each([`https://registry.${registries[0]}/x`, `  at ${'/'}root/x.js`, `"${'/'}home/jo/x"`, `${'C:'}\\Users\\jo`])(
    'would be noticed: %s',
    (line) => {
      expect(forbidden.test(line)).toBe(true)
    },
  )
})
