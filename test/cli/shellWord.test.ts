import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { shellWord } from '../../cli/shellWord.js'

describe.skipIf(process.platform === 'win32')('an argument for a shell', () => {
  it.each(['plain', 'a b', "it's", 'a\nb', "tab\tand \\ and '", 'é ∂', '\u001b[31m', ''])(
    'comes back as it was: %j',
    (text) => {
      const word = shellWord(text)
      expect(word).not.toMatch(/[\n\t]/)
      // A shell that reads $'…', as bash and zsh do.
      expect(spawnSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' }).stdout).toBe(text)
    },
  )
})
