import { type CommandWords, quoted } from './grammar.js'

/** The completion script for bash 3.2 and later; it needs nothing else. Where it offers no word, bash offers files. */
export function bash(commands: readonly CommandWords[]): string {
  const paths = commands.slice(1).map(({ path }) => quoted(path))
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) =>
      value === undefined
        ? []
        : [
            `    ${names.map((name) => quoted(`${path} ${name}`)).join('|')}) words=${quoted(value.words.join(' '))} ;;`,
          ],
    ),
  )
  const following = commands.map(({ path, commands: below, options, argument }) => {
    const flags = options.flatMap(({ names }) => names).join(' ')
    const words = [...below.map(({ name }) => name), ...(argument?.words ?? [])].join(' ')
    return `      ${quoted(path)}) flags=${quoted(flags)} words=${quoted(words)} ;;`
  })
  return `# Completion of energia for bash. For every session, put this line into ~/.bashrc:
#   source <(energia completion bash)
_energia() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" at='' flags='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${paths.join('|')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $before" in
${values.join('\n')}
    *)
      case "$at" in
${following.map((line) => `  ${line}`).join('\n')}
      esac
      [[ $current == -* ]] && words=$flags
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _energia energia
`
}
