import { ConfigurationError } from './errors.js'
import { suggest } from './suggest.js'

/** Every name of an interface of options: the compiler sees to it that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Gives options back. Throws {@link ConfigurationError} unless they are an object, and where they have a name that is not among `names`:
 * a misspelt option would else be one that is left out. `what` takes them: "sparseCoding".
 */
export function checkOptions<Options extends object>(
  what: string,
  options: Options,
  names: OptionNames<Options>,
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const given = Array.isArray(options) ? 'a list' : typeof options === 'function' ? 'a function' : String(options)
    throw new ConfigurationError(`${what} takes an object of options, { ${first(names)}, … }; got ${given}.`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(names, name)) continue
    const meant = suggest(name, Object.keys(names))
    throw new ConfigurationError(
      `${what} has no option "${name}"; ${meant ? `did you mean ${meant}?` : `it has ${Object.keys(names).join(', ')}.`}`,
    )
  }
  return options
}

const first = (names: object): string => Object.keys(names)[0] ?? ''
