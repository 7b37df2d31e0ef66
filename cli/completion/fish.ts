import type { CommandWords, Value } from './grammar.js'

/** The completion script for fish. */
export function fish(commands: readonly CommandWords[]): string {
  const paths = commands.slice(1).map(({ path }) => quoted(path))
  const lines = commands.flatMap(({ path, commands: below, options, argument }) => {
    const here = `complete -c energia -n ${quoted(`__energia_at ${quoted(path)}`)}`
    return [
      ...below.map(({ name, description }) => `${here} -a ${quoted(name)} -d ${quoted(description)}`),
      ...(argument?.words.length ? [`${here} -a ${quoted(argument.words.join(' '))}`] : []),
      ...(argument?.files ? [`${here} -F`] : []),
      ...options.map(
        ({ names, description, value }) => `${here} ${flags(names)}${parameter(value)} -d ${quoted(description)}`,
      ),
    ]
  })
  return `# Completion of energia for fish. For every session:
#   energia completion fish > ~/.config/fish/completions/energia.fish
function __energia_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${paths.join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c energia -f
${lines.join('\n')}
`
}

const flags = (names: readonly string[]): string =>
  names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ')

function parameter(value: Value | undefined): string {
  if (value === undefined) return ''
  const words = value.words.length > 0 ? ` -a ${quoted(value.words.join(' '))}` : ''
  return `${value.files ? ' -r -F' : ' -x'}${words}`
}

/** A text in single quotes, as fish escapes it. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
