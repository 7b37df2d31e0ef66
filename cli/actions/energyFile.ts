import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  ConfigurationError,
  FileFormatError,
  type LatentVariable,
  type LatentVariableOptions,
  latentVariableModel,
  openRun,
  restoreLatentVariable,
} from '../../src/index.js'
import { isOwnError } from '../complaint.js'

/** What the command line says beside the file. */
type Said = Pick<LatentVariableOptions, 'seed' | 'batchSize' | 'runtime'>

/** Modules that Node runs, by their endings. */
const modules = ['.js', '.mjs', '.ts', '.mts']

/**
 * The energy that a file defines: JSON, or a module whose default export is the options of `latentVariableModel`, or a function from the
 * library to them. Throws ConfigurationError and FileFormatError with the file's name.
 */
export async function definedEnergy(file: string | undefined, said: Said): Promise<LatentVariable> {
  if (file === undefined) {
    throw new ConfigurationError(
      'Say what the energy is made of with --energy FILE, JSON or a module; docs/command-line.md has both.',
    )
  }
  const ending = extname(file).toLowerCase()
  if (ending !== '.json' && !modules.includes(ending)) {
    throw new ConfigurationError(
      `--energy takes a name that ends in .json, ${modules.slice(0, -1).join(', ')} or ${modules.at(-1)}; got ${file}.`,
    )
  }
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new FileFormatError(`${file} is no file; check the path that --energy names.`)
  }
  const options = ending === '.json' ? described(file) : { definition: file, ...(await exported(file)) }
  return built(file, () => latentVariableModel({ ...options, ...said }))
}

function described(file: string): LatentVariableOptions {
  let config: unknown
  try {
    config = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new FileFormatError(`${file} is not valid JSON: ${messageOf(error)}.`, { cause: error })
  }
  return restoreLatentVariable(config, `${file}:`)
}

/** The options that a module exports. */
async function exported(file: string): Promise<LatentVariableOptions> {
  const url = pathToFileURL(resolve(file)).href
  const { default: made }: { default?: unknown } = await import(url).catch((error: unknown) => {
    throw importError(file, error)
  })
  const library = await import('../../src/index.js')
  const options: unknown = typeof made === 'function' ? await built(file, () => made(library)) : made
  if (typeof options !== 'object' || options === null || !('decoder' in options) || !('shapes' in options)) {
    throw new ConfigurationError(
      `${file} must export the options of latentVariableModel as its default (shapes, decoder, cost, …), or a function that is given the library and returns them; it exports ${made === undefined ? 'no default' : describe(options)}.`,
    )
  }
  return options as LatentVariableOptions // latentVariableModel checks its parts
}

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `an object with ${Object.keys(value).join(', ') || 'nothing'}`
    : String(typeof value)

/** What is made of a file. What it is refused for begins with its name; what its functions throw is theirs, and said to be. */
async function built<T>(file: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (isOwnError(error) && error instanceof Error) {
      error.message = `${file}: ${error.message}`
      throw error
    }
    throw new ConfigurationError(
      `A function of ${file} failed: ${messageOf(error)}. Correct it; --debug shows where.`,
      {
        cause: error,
      },
    )
  }
}

function importError(file: string, error: unknown): Error {
  if (isOwnError(error) && error instanceof Error) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message = messageOf(error)
  const because = (sentence: string) => new ConfigurationError(`${file} ${sentence}`, { cause: error })
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return because(
        `is TypeScript, which Node ${process.versions.node} does not run: use Node 22.18 or newer, or compile it to JavaScript.`,
      )
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return because(`uses TypeScript that cannot be erased (${message}); leave enums, namespaces and the like out.`)
    case 'ERR_MODULE_NOT_FOUND':
      return because(
        `imports what is not there: ${message}. The library itself need not be imported: export default (energia) => ({ … }) is given it.`,
      )
    default:
      return because(`cannot be run: ${message}. --debug shows where.`)
  }
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0].replace(/\.$/, '')

/**
 * Throws ConfigurationError where a run's energy has functions of its maker's own, which no run folder holds. They are never looked for
 * where the run says: a folder from elsewhere must not choose what code is run.
 */
export async function checkNoFunctions(run: string): Promise<void> {
  const settings = (await openRun(run)).settings((value): unknown => value)
  if (!JSON.stringify(settings).includes('"kind":"own"')) return
  const named = typeof settings === 'object' && settings !== null && 'definition' in settings && settings.definition
  throw new ConfigurationError(
    `${run} holds an energy with functions of its maker's own, which no run folder holds; name the file that defines them: --energy ${named || 'FILE'}.`,
  )
}
