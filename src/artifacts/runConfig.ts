import { FileFormatError } from '../tensor/errors.js'
import { canonicalJson } from './fingerprint.js'
import { decodeText, parseJson } from './json.js'
import type { Store } from './store.js'
import { array, object, oneOf, text, type Validator, whole } from './validate.js'

export const configFile = 'config.json'
const format = 'energia-run'
const version = 1

/** What `config.json` says about a run, besides its format and version. */
export interface RunConfig {
  /** Which model it is: "sparse-coding". */
  readonly model: string
  /** The model's own settings; the model checks them. */
  readonly settings: unknown
  /** The names of the picture files that the run made. */
  readonly pictures: readonly string[]
}

const anything: Validator<unknown> = (value) => value
const shape = object({
  format: oneOf(format),
  version: whole({ min: 1, max: version }),
  model: text,
  settings: anything,
  pictures: array(text),
})

/** `config.json` as bytes. Throws {@link ConfigurationError} where the settings hold what JSON cannot. */
export function encodeRunConfig({ model, settings, pictures }: RunConfig): Uint8Array {
  canonicalJson(settings, 'settings') // throws where JSON.stringify would silently write null
  return new TextEncoder().encode(`${JSON.stringify({ format, version, model, pictures, settings }, null, 2)}\n`)
}

/**
 * The `config.json` of a store, checked. Throws {@link FileFormatError} where it is missing, damaged, of something else,
 * of a newer version, or has fields that are missing, unknown or of another type.
 */
export async function readRunConfig(store: Store): Promise<RunConfig> {
  const file = `${store.path}/${configFile}`
  if (!(await store.exists(configFile))) {
    const there = await store.list()
    const holds = there.length === 0 ? 'it is empty or does not exist' : 'it has no config.json'
    throw new FileFormatError(`${store.path} is not a run folder: ${holds}. Check the path, or make a run with fit.`)
  }
  const value = parseJson(decodeText(await store.read(configFile), file), file)
  if (!isRunConfig(value)) {
    throw new FileFormatError(`${file} is not of a run of Energia: its format is not "${format}". Check the path.`)
  }
  if (typeof value.version === 'number' && value.version > version) {
    throw new FileFormatError(
      `${file} has version ${value.version}, and this Energia reads up to version ${version}; update Energia to read it.`,
    )
  }
  const { model, settings, pictures } = shape(value, `${file}:`)
  return { model, settings, pictures }
}

/** Whether a store holds a run, of whatever version. */
export async function holdsRun(store: Store): Promise<boolean> {
  if (!(await store.exists(configFile))) return false
  try {
    return isRunConfig(parseJson(decodeText(await store.read(configFile), configFile), configFile))
  } catch {
    return false
  }
}

function isRunConfig(value: unknown): value is { format: string; version?: unknown } {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === format
}
