import { FileFormatError } from '../tensor/errors.js'
import { canonicalJson, checksum, describeDifferences, differences, fingerprint } from './fingerprint.js'
import { parseJson } from './json.js'
import { bytesOf, decodeSafetensors, type StoredTensor, safetensorsParts } from './safetensors.js'
import type { Store } from './store.js'
import type { Validator } from './validate.js'

/** The name of the file in which unfinished learning is kept. */
export const checkpointFile = 'checkpoint.safetensors'

const format = 'energia-checkpoint'
const version = '3'

/** Where learning stands: all that is needed to go on as if it had never stopped. */
export interface Checkpoint<S> {
  /** Plain JSON: counters, states of random streams. Numbers come back exactly; those whose sign of zero matters go to `tensors`. */
  readonly state: S
  /** Typed arrays with their shapes; they come back bit for bit. */
  readonly tensors: Readonly<Record<string, StoredTensor>>
}

/**
 * Writes a checkpoint in place of the one before, in one file and at once: whenever the process dies, the last whole
 * checkpoint is there. `config` are the settings under which it may be continued. The tensors must not change before the
 * promise resolves. Throws {@link ConfigurationError} where state or config hold what JSON cannot, and
 * {@link FileFormatError} where the store cannot write.
 */
export async function saveCheckpoint(
  store: Store,
  config: unknown,
  { state, tensors }: Checkpoint<unknown>,
): Promise<void> {
  const configText = canonicalJson(config, 'The configuration')
  const stateText = canonicalJson(state, 'The state of the checkpoint')
  const metadata = {
    format,
    version,
    fingerprint: fingerprint(config),
    config: configText,
    state: stateText,
    checksum: checksumOf(configText, stateText, tensors),
  }
  await store.writeAtomic(checkpointFile, safetensorsParts(tensors, metadata))
}

/**
 * The checkpoint of a store, or undefined where there is none. Throws {@link FileFormatError} where it is damaged, of
 * another version, or was made under other settings than `config`; the sentence lists those that differ.
 */
export async function loadCheckpoint<S>(
  store: Store,
  config: unknown,
  validateState: Validator<S>,
): Promise<Checkpoint<S> | undefined> {
  if (!(await store.exists(checkpointFile))) return undefined
  const file = `${store.path}/${checkpointFile}`
  const { tensors, metadata } = decodeSafetensors(await store.read(checkpointFile), file)
  if (metadata.format !== format) {
    throw new FileFormatError(`${file} is not a checkpoint of Energia; remove it, or pass --overwrite to start anew.`)
  }
  if (metadata.version !== version) {
    throw new FileFormatError(
      `${file} is a checkpoint of version ${metadata.version}, and this Energia reads version ${version}; use the Energia that wrote it, or pass --overwrite to start anew.`,
    )
  }
  const { config: savedConfig, state, checksum: expected } = metadata
  if (savedConfig === undefined || state === undefined) {
    throw new FileFormatError(`${file} lacks its configuration or state; remove it, or pass --overwrite to start anew.`)
  }
  if (expected !== checksumOf(savedConfig, state, tensors)) {
    throw new FileFormatError(
      `${file} is damaged: its contents do not match its checksum. Use an undamaged copy, or pass --overwrite to start anew.`,
    )
  }
  const there = parseJson(savedConfig, `The configuration in ${file}`)
  if (ofAnotherModel(there, config)) {
    throw new FileFormatError(
      `${file} belongs to a model of another kind, whose settings have other names; resume it with the command that began it, choose another folder, or pass --overwrite to start anew.`,
    )
  }
  const found = differences(there, config)
  if (found.length > 0) {
    throw new FileFormatError(
      `${file} belongs to another configuration: ${describeDifferences(found)}. Resume with the settings from there, or pass --overwrite to start anew.`,
    )
  }
  return { state: validateState(parseJson(state, `The state in ${file}`), `${file}:`), tensors }
}

/** Removes the checkpoint of a store: learning has finished. */
export async function removeCheckpoint(store: Store): Promise<void> {
  await store.remove(checkpointFile)
}

/** Whether two configurations have fewer than half of their settings' names in common, so that a list of differences would tell nothing. */
function ofAnotherModel(there: unknown, here: unknown): boolean {
  const names = (value: unknown): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, setting]) => (setting === undefined ? [] : [name]))
      : []
  const before = new Set(names(there))
  const now = names(here)
  const common = now.filter((name) => before.has(name)).length
  return 2 * common < before.size + now.length - common
}

/** What a checkpoint is checked by: all that it gives back, the tensors in order of their names. */
function checksumOf(config: string, state: string, tensors: Readonly<Record<string, StoredTensor>>): string {
  const encoder = new TextEncoder()
  const parts = Object.entries(tensors)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .flatMap(([name, { dtype, shape, data }]) => [
      encoder.encode(canonicalJson([name, dtype, [...shape]])),
      bytesOf(data),
    ])
  return checksum([encoder.encode(config), encoder.encode(state), ...parts])
}
