import { openStore } from '#artifacts/store'
import { ConfigurationError, EnergiaError, FileFormatError } from '../tensor/errors.js'
import { described } from '../tensor/tensor.js'
import { checkpointFile } from './checkpoint.js'
import { checkFree, holding } from './hold.js'
import { memoryStore } from './memoryStore.js'
import { appendMetrics, cutMetrics, type Metrics, metricsBytes, metricsFile, readMetrics } from './metrics.js'
import { configFile, encodeRunConfig, holdsRun, type RunConfig, readRunConfig } from './runConfig.js'
import { decodeSafetensors, type Safetensors, type StoredTensor, safetensorsParts } from './safetensors.js'
import { checkName, type Store } from './store.js'
import type { Validator } from './validate.js'

/*
 * A run folder holds config.json, model.safetensors, metrics.ndjson, pictures, README.md and, while learning,
 * checkpoint.safetensors.
 */
export const modelFile = 'model.safetensors'
export const cardFile = 'README.md'

/** A run: a model with how it came about. */
export interface Run {
  readonly store: Store
  /** Which model it is: "sparse-coding". */
  readonly model: string
  readonly pictures: readonly string[]
  /** The model's settings, checked by the model's validator. */
  settings<S>(validate: Validator<S>): S
  saveTensors(
    tensors: Readonly<Record<string, StoredTensor>>,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<void>
  /** Throws {@link FileFormatError} where learning has not finished. */
  loadTensors(): Promise<Safetensors>
  appendMetrics(metrics: Metrics): Promise<void>
  readMetrics(): Promise<Metrics[]>
  metricsBytes(): Promise<number>
  cutMetrics(bytes: number): Promise<void>
  /** Writes a picture and notes its name in config.json, so that overwriting the run removes it. */
  savePicture(name: string, bytes: Uint8Array): Promise<void>
  saveCard(markdown: string): Promise<void>
}

/** A place where a run may be made. */
export interface RunPlace {
  readonly store: Store
  /**
   * What is there: nothing; a run that `begin` will overwrite; one whose learning stopped, which `begin` will continue;
   * or, where `resume` was asked, one that has finished.
   */
  readonly state: 'empty' | 'overwrites' | 'unfinished' | 'finished'
  /**
   * Writes `config.json`, and is the first to change anything: a run that is overwritten loses its files in the moment the new
   * configuration, and with it all that `first` saves, is safely on disk. Where one of them cannot be written, everything stays as it
   * was. Check everything else, a checkpoint to resume included, before.
   */
  begin(model: string, settings: object, first?: (run: Run) => Promise<void>): Promise<Run>
}

/** What to do with a run that is there already; without either it is an error. */
export interface CreateRunOptions {
  readonly overwrite?: boolean
  readonly resume?: boolean
}

/**
 * Checks that a run can be made at a path (or in a store) and changes nothing yet; within {@link holdingRun} nothing else changes that. Throws {@link ConfigurationError} where
 * a run is there and neither option is given, or both are; {@link FileFormatError} where the folder holds something that
 * is not a run, which is never overwritten, or a run that cannot be resumed because its configuration is damaged.
 */
export async function createRun(path: string | Store, options: CreateRunOptions = {}): Promise<RunPlace> {
  const { overwrite = false, resume = false } = options
  if (overwrite && resume)
    throw new ConfigurationError('A run can be resumed or overwritten, not both; give one of the two.')
  const store = storeAt(path)
  const there = await store.list()
  if (there.length === 0)
    return { store, state: 'empty', begin: (model, settings, first) => makeRun(store, model, settings, [], first) }
  if (!(await holdsRun(store))) {
    const some = `${there.slice(0, 3).join(', ')}${there.length > 3 ? ', …' : ''}`
    throw new FileFormatError(
      `${store.path} holds files that are not of a run (${some}) and is left alone; choose another folder, or empty it yourself.`,
    )
  }
  if (overwrite) {
    return { store, state: 'overwrites', begin: (model, settings, first) => replaceRun(store, model, settings, first) }
  }
  const finished = there.includes(modelFile) && !there.includes(checkpointFile)
  if (!resume) {
    throw new ConfigurationError(
      finished
        ? `${store.path} holds a finished run already; pass --overwrite to replace it (in code: { overwrite: true }), or choose another folder.`
        : `${store.path} holds a run already; pass --resume to continue it, --overwrite to replace it (in code: { resume: true } or { overwrite: true }), or choose another folder.`,
    )
  }
  const known = await readRunConfig(store)
  return {
    store,
    state: finished ? 'finished' : 'unfinished',
    async begin(model, settings, first) {
      if (model !== known.model) {
        throw new ConfigurationError(
          `${store.path} holds a run of ${known.model}, which cannot be resumed as ${model}; choose another folder, or pass --overwrite.`,
        )
      }
      const config = { model, settings, pictures: known.pictures }
      await store.sweep()
      await store.writeAtomic(configFile, encodeRunConfig(config))
      const going = run(store, config)
      await first?.(going)
      return going
    },
  }
}

/**
 * Does work that makes a run where `run` says, if anywhere: nothing else makes one there meanwhile, in this process or another. Throws
 * {@link FileFormatError} where something does, and what {@link createRun} throws, before the work begins and before anything is changed.
 */
export async function holdingRun<T>(
  options: CreateRunOptions & { readonly run?: string | Store },
  work: () => Promise<T>,
): Promise<T> {
  const given: typeof options | null | undefined = options // what is none, the work refuses
  if (given?.run === undefined) return work()
  const store = storeAt(given.run)
  try {
    await createRun(store, options)
  } catch (error) {
    await checkFree(store) // who writes it tells more than what stands there so far
    throw error
  }
  return holding(store, work)
}

/**
 * The run at a path (or in a store). Throws {@link FileFormatError} where there is none, or its configuration is damaged
 * or of a newer version.
 */
export async function openRun(path: string | Store): Promise<Run> {
  const store = storeAt(path)
  return run(store, await readRunConfig(store))
}

/** A new run with all that `first` saves, written together: in memory first, then on disk in one go. */
async function makeRun(
  store: Store,
  model: string,
  settings: object,
  removing: readonly string[],
  first?: (run: Run) => Promise<void>,
): Promise<Run> {
  const config = { model, settings, pictures: [] }
  const staged = memoryStore(store.path)
  await staged.writeAtomic(configFile, encodeRunConfig(config))
  const begun = run(staged, config)
  await first?.(begun)
  await store.sweep()
  await store.writeTogether(new Map(Object.entries(staged.files())), { removing })
  return run(store, { ...config, pictures: begun.pictures })
}

/** Begins anew where a run is: of its files only those go that runs write, so that a person's own stay. */
async function replaceRun(
  store: Store,
  model: string,
  settings: object,
  first?: (run: Run) => Promise<void>,
): Promise<Run> {
  const pictures = await readRunConfig(store).then(
    (config) => config.pictures,
    () => [], // a damaged or newer configuration does not tell
  )
  return makeRun(store, model, settings, [modelFile, checkpointFile, metricsFile, cardFile, ...pictures], first)
}

function run(store: Store, initial: RunConfig): Run {
  let config = initial
  return {
    store,
    model: config.model,
    get pictures() {
      return config.pictures
    },
    settings(validate) {
      const where = `${store.path}/${configFile}: settings`
      try {
        return validate(config.settings, where)
      } catch (error) {
        // A part that checks its own settings does not know that they are a file's.
        if (error instanceof FileFormatError || !(error instanceof EnergiaError)) throw error
        throw new FileFormatError(`${where}: ${error.message}`, { cause: error })
      }
    },

    saveTensors: (tensors, metadata) => store.writeAtomic(modelFile, safetensorsParts(tensors, metadata)),

    async loadTensors() {
      if (!(await store.exists(modelFile))) {
        throw new FileFormatError(
          `The run in ${store.path} has no ${modelFile}: its learning has not finished. Continue it with fit --resume.`,
        )
      }
      return decodeSafetensors(await store.read(modelFile), `${store.path}/${modelFile}`)
    },

    appendMetrics: (metrics) => appendMetrics(store, metrics),
    readMetrics: () => readMetrics(store),
    metricsBytes: () => metricsBytes(store),
    cutMetrics: (bytes) => cutMetrics(store, bytes),

    async savePicture(name, bytes) {
      checkName(name)
      if (ownFiles.includes(name)) {
        throw new ConfigurationError(
          `A picture cannot be called ${name}, which is a file of the run; choose another name.`,
        )
      }
      if (!config.pictures.includes(name)) {
        config = { ...config, pictures: [...config.pictures, name] }
        await store.writeAtomic(configFile, encodeRunConfig(config))
      }
      await store.writeAtomic(name, bytes)
    },

    saveCard: (markdown) => store.writeAtomic(cardFile, new TextEncoder().encode(markdown)),
  }
}

const ownFiles: readonly string[] = [configFile, modelFile, checkpointFile, metricsFile, cardFile]

/** Where a run lies. Throws {@link ConfigurationError} where neither a path nor a store was given. */
function storeAt(path: string | Store): Store {
  const given: unknown = path
  if (typeof given === 'string' && given !== '') return openStore(given)
  if (typeof given === 'object' && given !== null && 'list' in given) return path as Store // the string is told apart above
  throw new ConfigurationError(`A run lies in a folder; give its path, as in 'runs/kernels'. Got ${described(given)}.`)
}
