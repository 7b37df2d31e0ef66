import { type CommandWords, quoted, type Value } from './grammar.js'

/** The completion script for zsh: sourced, or as a file _energia in a folder of $fpath. */
export function zsh(commands: readonly CommandWords[]): string {
  const paths = commands.slice(1).map(({ path }) => quoted(path))
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) =>
      value === undefined
        ? []
        : [`    (${names.map((name) => quoted(`${path} ${name}`)).join('|')}) ${offer(value)}; return ;;`],
    ),
  )
  const following = commands.map(({ path, commands: below, options, argument }) => {
    const flags = options.flatMap(({ names, description }) => names.map((name) => described(name, description)))
    const words = below.map(({ name, description }) => described(name, description))
    const rest = words.length > 0 ? `following=(${words.join(' ')}); _describe command following` : offer(argument)
    return `    (${quoted(path)})
      if [[ $PREFIX == -* ]]; then
        following=(${flags.join(' ')}); _describe -o option following
      else
        ${rest}
      fi ;;`
  })
  return `#compdef energia
# Completion of energia for zsh. For every session, put this line into ~/.zshrc, after compinit:
#   source <(energia completion zsh)
_energia() {
  local at='' word
  local -a following
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
      (${paths.join('|')}) at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case $at in
${following.join('\n')}
  esac
}
if [[ $funcstack[1] == _energia ]]; then _energia "$@"; else compdef _energia energia; fi
`
}

/** "name:description" as _describe takes it. */
function described(name: string, description: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${description.replaceAll(':', '\\:')}`)
}

function offer(value: Value | undefined): string {
  const words = value?.words.length ? [`compadd -- ${value.words.map(quoted).join(' ')}`] : []
  const files = value?.files ? ['_files'] : []
  return [...words, ...files].join('; ') || '_message "a value"'
}
