import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** A fenced block of a page. */
export interface Block {
  /** The page's path within the repository. */
  readonly page: string
  /** The line that its first line of content stands on. */
  readonly line: number
  readonly language: string
  readonly text: string
}

/** The pages that a reader is led to. */
export function pages(): string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', ...docs.sort().map((name) => `docs/${name}`)]
}

/** All fenced blocks of a page. */
export function blocks(page: string): Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split(/\r?\n/)
  const found: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const opening = /^(\s*)(`{3,})\s*([\w-]*)/.exec(lines[at])
    if (!opening) continue
    const [, indent, fence, language] = opening
    const first = at + 1
    while (at + 1 < lines.length && lines[at + 1].trim() !== fence) at++
    const text = lines.slice(first, at + 1).map((line) => line.slice(line.startsWith(indent) ? indent.length : 0))
    found.push({ page, line: first + 1, language, text: `${text.join('\n')}\n` })
    at++
  }
  return found
}

/** Whether a block is a program that the tests run. */
export const isProgram = ({ language }: Block): boolean =>
  ['js', 'ts', 'mjs', 'mts', 'javascript', 'typescript'].includes(language)

/** The command lines `energia …` of a page, in fenced blocks and indented ones, without their comments. */
export function commandLines(page: string): { readonly line: number; readonly text: string }[] {
  return readFileSync(join(root, page), 'utf8')
    .split(/\r?\n/)
    .map((text, i) => ({ line: i + 1, text: /^\s*(?:\$ )?(?:npx )?(energia(?: .*)?)$/.exec(text)?.[1] ?? '' }))
    .filter(({ text }) => text !== '' && !/^energia [a-z]+ (is|are|has|can|learns)\b/.test(text))
    .map(({ line, text }) => ({ line, text: text.replace(/\s+#.*$/, '') }))
}

/** The words of a command line as a shell splits them, with the target of a redirection left out. */
export function words(text: string): string[] {
  const split = text.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? []
  const redirection = split.findIndex((word) => word === '>' || word === '|' || word === '<')
  return (redirection < 0 ? split : split.slice(0, redirection)).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))
}
