import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Command, CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { energia } from '../../cli/program.js'
import { commandLines, pages, root, words } from './programs.js'

/** What the command line says to these words; the empty string where it understands them. Nothing is carried out. */
async function complaint(args: readonly string[]): Promise<string> {
  let said = ''
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: () => {},
      writeErr: (text) => {
        said += text
      },
    })
    if (command.commands.length === 0) {
      command.action(() => {
        const missing = command.options.find(
          (option) =>
            /\(required\)$/.test(option.description) && command.getOptionValue(option.attributeName()) === undefined,
        )
        if (missing) command.error(`${missing.flags} is missing`)
      })
    }
    for (const sub of command.commands) silence(sub)
  }
  const program = energia()
  silence(program)
  try {
    await program.parseAsync(args, { from: 'user' })
    return said
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ''
    return said || String(error)
  }
}

const lines = pages().flatMap((page) =>
  commandLines(page).map(({ line, text }) => ({ place: `${page}:${line}`, text })),
)

describe('command lines in the documentation', () => {
  it('there are some', () => {
    expect(lines.length).toBeGreaterThan(5)
  })

  it.each(lines)('$place $text', async ({ text }) => {
    expect(await complaint(words(text).slice(1))).toBe('')
  })

  it.each(pages())('those of %s can be typed one after the other: none writes where another has written', (page) => {
    const written = new Map<string, string>()
    for (const { line, text } of commandLines(page)) {
      const given = words(text)
      if (given.includes('--resume') || given.includes('--overwrite') || given[1] === 'lecture') continue
      for (const option of ['--out', '--picture']) {
        const at = given.indexOf(option)
        if (at < 0) continue
        const place = given[at + 1].replace(/\/$/, '')
        expect(written.get(place), `${page}:${line} ${text}`).toBeUndefined()
        written.set(place, text)
      }
    }
  })

  it('a wrong one would be noticed', async () => {
    expect(await complaint(['fit', 'sparse-coding', '--data', 'digits', '--out', 'x', '--atomes', '5'])).toMatch(
      /atomes/,
    )
    expect(await complaint(['encode', 'x', '--data', 'digits'])).toMatch(/--out/)
  })
})

const exists = (path: string): boolean => existsSync(join(root, path))

/** The anchors of a page, as GitHub makes them from headings. */
function anchors(page: string): Set<string> {
  const headings = readFileSync(join(root, page), 'utf8').match(/^#+ .*$/gm) ?? []
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

describe('links in the documentation', () => {
  const others = ['CONTRIBUTING.md', 'CHANGELOG.md', 'DATA.md']
  it.each([...pages(), ...others].filter(exists))('%s leads to files and headings that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '')
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
    const broken = targets.filter((target) => {
      if (/^https?:/.test(target)) return false
      const [path, anchor] = target.split('#')
      const file = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), path))
      return !exists(file) || (anchor !== undefined && !anchors(file).has(anchor))
    })
    expect(broken).toEqual([])
  })

  it('the index names every page', () => {
    const index = readFileSync(join(root, 'docs', 'README.md'), 'utf8')
    const named = readdirSync(join(root, 'docs'))
    const missing = named.filter((name) => name.endsWith('.md') && name !== 'README.md' && !index.includes(`(${name})`))
    expect(missing).toEqual([])
  })
})
