/** Characters that end a line, move what stands around them, or steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are looked for
const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text on one line, as sentences about names of files and classes have them: control characters are written as escapes, a line break as \n. */
export const oneLine = (text: string): string =>
  text.replace(unseen, (character) => short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
