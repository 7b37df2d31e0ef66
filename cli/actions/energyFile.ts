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
  const define = (options: LatentVariableOptions) => latentVariableModel({ ...options, ...said })
  if (ending === '.json') return named(file, () => define(described(file)))
  const options = { definition: file, ...(await exported(file)) }
  return built(file, () => define(guarded(file, options)))
}

function described(file: string): LatentVariableOptions {
  let config: unknown
  try {
    config = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) // a mark that some editors put before it
  } catch (error) {
    throw new FileFormatError(`${file} is not valid JSON: ${messageOf(error)}.`, { cause: error })
  }
  checkDepth(file, config)
  return restoreLatentVariable(config, `${file}:`)
}

/** How deep lists and objects may stand in one another in a description. */
const DEEPEST = 64

function checkDepth(file: string, config: unknown): void {
  let level = [config]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) {
      throw new FileFormatError(
        `${file} nests lists and objects more than ${DEEPEST} deep, which no energy needs; describe it with fewer modules in modules.`,
      )
    }
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
}

/** The options that a module exports. */
async function exported(file: string): Promise<LatentVariableOptions> {
  const url = pathToFileURL(resolve(file)).href
  const library = await import('../../src/index.js')
  const options = await settled(file, async () => {
    const { default: made }: { default?: unknown } = await import(url).catch((error: unknown) => {
      throw importError(file, error)
    })
    return typeof made === 'function' ? built(file, () => made(library)) : made
  })
  if (typeof options !== 'object' || options === null || !('decoder' in options) || !('shapes' in options)) {
    throw new ConfigurationError(
      `${file} must export the options of latentVariableModel as its default (shapes, decoder, cost, …), or a function that is given the library and returns them; it exports ${options === undefined ? 'no default' : describe(options)}.`,
    )
  }
  return options as LatentVariableOptions // latentVariableModel checks its parts
}

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `an object with ${Object.keys(value).join(', ') || 'nothing'}`
    : String(typeof value)

/** Seconds that a module gets to define its energy. */
const SECONDS = 60

/**
 * What a module's own code comes to. Throws FileFormatError where that does not settle within {@link SECONDS}; where it ends the
 * process, that ends with a sentence and 1.
 */
async function settled<T>(file: string, work: () => Promise<T>): Promise<T> {
  const onExit = (): void => {
    process.stderr.write(`energia: ${file} ended the process before it gave an energy; take process.exit out of it.\n`)
    process.exitCode = 1
  }
  let timer: NodeJS.Timeout | undefined
  // A timer that is waited for keeps the process alive, however long nothing else happens.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new FileFormatError(`${file} gave no energy within ${SECONDS} seconds; what does it await?`)),
      1000 * SECONDS,
    )
  })
  process.once('exit', onExit)
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
    process.off('exit', onExit)
  }
}

/** Options whose own functions, whenever they are called, fail with the file's name. */
function guarded(file: string, options: LatentVariableOptions): LatentVariableOptions {
  const parts = Object.entries(options).map(([name, part]) => [name, isOwn(part) ? guardedPart(file, part) : part])
  return Object.fromEntries(parts)
}

/** Whether a part is, or is made of, somebody's own functions. */
const isOwn = (part: unknown): part is object =>
  typeof part === 'object' &&
  part !== null &&
  'describe' in part &&
  typeof part.describe === 'function' &&
  /"kind":"own"/.test(JSON.stringify(part.describe()) ?? '')

function guardedPart(file: string, part: object): object {
  const guard = (value: unknown): unknown => {
    if (typeof value === 'function') {
      return (...given: unknown[]): unknown => {
        try {
          return value.apply(part, given)
        } catch (error) {
          throw isOwnError(error) ? error : failed(file, error)
        }
      }
    }
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? guardedPart(file, value) : value
  }
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, guard(value)]))
}

const failed = (file: string, error: unknown): ConfigurationError =>
  new ConfigurationError(`A function of ${file} failed: ${messageOf(error)}. Correct it; --debug shows where.`, {
    cause: error,
  })

/** What is made of a file that holds no code. What it is refused for begins with its name. */
function named<T>(file: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (isOwnError(error) && error instanceof Error) {
      if (!error.message.includes(file)) error.message = `${file}: ${error.message}`
      throw error
    }
    throw new FileFormatError(`${file} describes no energy that can be made: ${messageOf(error)}.`, { cause: error })
  }
}

/** What is made of a file. What it is refused for begins with its name; what its functions throw is theirs, and said to be. */
async function built<T>(file: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (isOwnError(error) && error instanceof Error) {
      if (!error.message.includes(file)) error.message = `${file}: ${error.message}`
      throw error
    }
    throw failed(file, error)
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
