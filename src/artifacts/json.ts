import { FileFormatError } from '../tensor/errors.js'

/**
 * The value of a JSON text; a byte-order mark, which some editors put before it, is passed over. `where` names it in messages.
 * Throws {@link FileFormatError} where the text is not JSON or an object names a field twice (JSON.parse would silently
 * keep the last one, other readers the first).
 */
export function parseJson(given: string, where: string): unknown {
  const text = given.replace(/^\uFEFF/, '')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new FileFormatError(`${where} is not valid JSON (${reason}); repair it or restore an undamaged copy.`)
  }
  const twice = duplicateKey(text)
  if (twice !== undefined) {
    throw new FileFormatError(`${where} names ${twice} twice in one object; remove one of the two.`)
  }
  return value
}

/** The UTF-8 text of a file. Throws {@link FileFormatError} where the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new FileFormatError(`${where} is not UTF-8 text; restore an undamaged copy.`)
  }
}

/** The first key that an object of a valid JSON text has twice, as it is written there. */
function duplicateKey(text: string): string | undefined {
  const scopes: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{') scopes.push(new Set())
    else if (character === '[') scopes.push(undefined)
    else if (character === '}' || character === ']') scopes.pop()
    else if (character === '"') {
      const begin = at++
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
      const keys = scopes.at(-1)
      if (keys === undefined || !followedByColon(text, at + 1)) continue
      const written = text.slice(begin, at + 1)
      const key = JSON.parse(written) as string // a JSON string token is a string
      if (keys.has(key)) return written
      keys.add(key)
    }
  }
  return undefined
}

function followedByColon(text: string, from: number): boolean {
  let at = from
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++
  return text[at] === ':'
}
