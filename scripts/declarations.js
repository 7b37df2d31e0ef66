// Reads the declaration files that the compiler writes: what they export, with signatures and doc comments.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * @typedef {object} Declaration
 * @property {string} name
 * @property {'function' | 'class' | 'interface' | 'type' | 'const'} kind
 * @property {string} doc the doc comment's text, lines joined; empty where there is none
 * @property {string} signature as the compiler wrote it, comments of its members included
 *
 * @typedef {object} Exported
 * @property {string} name the public name
 * @property {string} file the declaration file that has it
 * @property {readonly Declaration[]} declarations overloads in their order
 */

const OPENING = /^export (?:declare )?(?:abstract )?(function|class|interface|type|const) (\w+)/

/**
 * The exported declarations of one file. The compiler begins each at the start of a line and indents what is inside, so that one ends
 * before the next line that is not indented and closes nothing.
 * @param {string} text @returns {Declaration[]}
 */
export function declarationsOf(text) {
  const lines = text.split('\n')
  /** @type {Declaration[]} */
  const found = []
  /** @type {string[]} */
  let comment = []
  for (let at = 0; at < lines.length; at++) {
    if (lines[at].startsWith('/**')) {
      const first = at
      while (!lines[at].includes('*/')) at++
      comment = lines.slice(first, at + 1)
      continue
    }
    const opening = OPENING.exec(lines[at])
    if (opening) {
      const first = at
      while (at + 1 < lines.length && /^[\s})|&\]>]/.test(lines[at + 1])) at++
      const signature = lines
        .slice(first, at + 1)
        .join('\n')
        .replace(/^export (declare )?/, '')
        .trimEnd()
      const kind = /** @type {Declaration['kind']} */ (opening[1])
      found.push({ name: opening[2], kind, doc: textOf(comment), signature })
    }
    comment = []
  }
  return found
}

/** The text of a doc comment; a line that begins with "- " keeps its line. @param {readonly string[]} comment */
function textOf(comment) {
  const lines = comment.map((line) =>
    line
      .replace(/^\s*\/?\*+\/?\s?/, '')
      .replace(/\s*\*\/\s*$/, '')
      .trim(),
  )
  return lines
    .join('\n')
    .trim()
    .replace(/\n(?!\n|- )/g, ' ')
    .replace(/ ?\n+ ?/g, '\n')
}

/**
 * What an index exports, in its order. Names of a module that is exported as a whole stand behind its own: `graph.add`.
 * @param {string} index path of the index's declaration file
 * @param {Readonly<Record<string, string>>} seams declaration files by the names that start with "#"
 * @returns {Exported[]}
 */
export function exportsOf(index, seams = {}) {
  const text = readFileSync(index, 'utf8')
  /** @param {string} target */
  const resolve = (target) => seams[target] ?? join(dirname(index), target.replace(/\.js$/, '.d.ts'))
  const pattern = /export (?:type )?(?:\* as (\w+)|\{([^}]*)\}) from '([^']+)';/g
  return [...text.matchAll(pattern)].flatMap(([, whole, list, target]) => {
    const file = resolve(target)
    if (whole) return exportsOf(file, seams).map((each) => ({ ...each, name: `${whole}.${each.name}` }))
    const declared = declarationsOf(readFileSync(file, 'utf8'))
    return list
      .split(',')
      .map((entry) => entry.trim().replace(/^type /, ''))
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [own, name = own] = entry.split(/\s+as\s+/)
        const declarations = declared.filter((each) => each.name === own)
        if (declarations.length > 0) return { name, file, declarations }
        const passed = exportsOf(file, seams).find((each) => each.name === own)
        if (passed) return { ...passed, name }
        throw new Error(`${file} declares no ${own}, which ${index} exports.`)
      })
  })
}
