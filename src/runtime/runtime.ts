import { openBackend } from '#runtime/backend'
import { encodeCounted, type Graph } from '../graph/onnx/encodeOnnx.js'
import { ConfigurationError, EnergiaError, FileFormatError } from '../tensor/errors.js'
import { checkOptions, type OptionNames } from '../tensor/options.js'
import {
  type Backend,
  type BackendName,
  type Device,
  reasonOf,
  type SessionOptions,
  type WasmPaths,
} from './backend.js'
import { type Program, SessionProgram } from './program.js'
import { RunCount } from './runCount.js'

export type { BackendName, Device, WasmPaths } from './backend.js'
export type { Program } from './program.js'
export type { Value } from './value.js'

/** What runs graphs: one of the packages of ONNX Runtime on one device. */
export interface Runtime {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web'
  readonly version: string
  readonly device: Device
  /** Threads that work on one run, the calling one included. */
  readonly threads: number
  /** Why this one and not the native one, where it is the fallback. */
  readonly note?: string
  /** Why there is one thread alone, where the host allows no more. */
  readonly limitation?: string
  /**
   * Makes a graph ready to run: the bytes of an ONNX model, or symbolic outputs, of which it is known what a run takes. `threads` are those of this graph alone, where the package
   * gives each its own (onnxruntime-node); results have the same bits at the same number. Throws {@link FileFormatError}
   * where the bytes are no valid graph, or one that this runtime cannot run.
   */
  compile(graph: Uint8Array | Graph, options?: { threads?: number }): Promise<Program>
}

export interface RuntimeOptions {
  /** `cpu` by default. */
  readonly device?: Device
  /** `node` and `web` force a package; by default it is the native one in Node where it loads. */
  readonly backend?: BackendName
  /**
   * By default as many as the host has, up to 8 natively and 4 on onnxruntime-web, which fixes them at its first use and has
   * one in a page that is not cross-origin isolated.
   */
  readonly threads?: number
  /** Where a page finds the files of onnxruntime-web; by default beside its module. */
  readonly wasmPaths?: WasmPaths
}

/**
 * How long idle threads of a run wait turning before they sleep, in microseconds. It spans the gaps between the nodes of a
 * graph; the default, far longer, takes the processor from whoever else needs it, and then runs take several times as long.
 */
const SPIN = '100'

/** These would put transpositions back into products, where they cost more (see `matmul`). */
const UNWANTED = 'MatmulTransposeFusion;GemmTransposeFusion'

const optionNames: OptionNames<RuntimeOptions> = { device: true, backend: true, threads: true, wasmPaths: true }

const devices: readonly Device[] = ['cpu', 'cuda', 'webgpu']
const runtimes = new Map<string, Promise<Runtime>>()

/**
 * The runtime for these options, loaded at the first call and shared by all with the same options. Throws
 * {@link ConfigurationError} where options are wrong or the device is not available; the sentence lists those that are.
 */
export async function runtime(options: RuntimeOptions = {}): Promise<Runtime> {
  checkOptions('runtime', options, optionNames)
  const { device = 'cpu', backend, threads, wasmPaths } = options
  if (!devices.includes(device)) {
    throw new ConfigurationError(`There is no device "${device}"; the devices are ${devices.join(', ')}.`)
  }
  if (backend !== undefined && backend !== 'node' && backend !== 'web') {
    throw new ConfigurationError(`backend must be "node" or "web"; got "${backend}".`)
  }
  if (threads !== undefined) checkThreads(threads)
  const key = JSON.stringify([device, backend, threads, wasmPaths])
  const known = runtimes.get(key)
  if (known) return known
  const opened = openBackend({ device, backend, threads, wasmPaths }).then((opened) => runtimeOn(opened, device))
  runtimes.set(key, opened)
  opened.catch(() => runtimes.delete(key))
  return opened
}

function runtimeOn(backend: Backend, device: Device): Runtime {
  const { name, version, threads, note, limitation } = backend
  return {
    name,
    version,
    device,
    threads,
    ...(note === undefined ? {} : { note }),
    ...(limitation === undefined ? {} : { limitation }),
    compile: async (given, { threads: own = threads } = {}) => {
      checkThreads(own)
      const { bytes: graph, memory } = isGraph(given) ? encodeCounted(given) : { bytes: given }
      const name = (isGraph(given) && given.name) || 'graph'
      if (!(graph instanceof Uint8Array) || graph.length === 0) {
        throw new FileFormatError('The graph is empty; give the bytes of an ONNX model.')
      }
      const count = memory && new RunCount(name, memory, backend)
      const options: SessionOptions = {
        executionProviders: [backend.provider],
        logSeverityLevel: 4,
        enableMemPattern: count?.planned ?? true,
        ...(backend.threadsPerSession ? { intraOpNumThreads: own, interOpNumThreads: 1 } : {}),
        extra: {
          optimization: { disable_specified_optimizers: UNWANTED },
          ...(backend.threadsPerSession ? { session: { intra_op: { spin_duration_us: SPIN } } } : {}),
        },
      }
      const session = await backend
        .exclusive(() => backend.ort.InferenceSession.create(graph, options))
        .catch((error) => {
          throw loadError(backend, error)
        })
      try {
        return new SessionProgram(backend, session, count)
      } catch (error) {
        await backend.exclusive(() => session.release())
        throw error
      }
    },
  }
}

const isGraph = (given: Uint8Array | Graph): given is Graph =>
  typeof given === 'object' && given !== null && 'outputs' in given

/** Why a graph did not load: the graph's fault, unless the runtime itself did not start. */
function loadError(backend: Backend, error: unknown): EnergiaError {
  const reason = reasonOf(error)
  if (backend.name === 'onnxruntime-web' && !String(error).includes('ERROR_CODE')) {
    return new EnergiaError(
      `onnxruntime-web could not be started: ${reason}. In a page, its .wasm file must be served beside its module, or where the option wasmPaths says.`,
      { cause: error },
    )
  }
  return new FileFormatError(
    `The graph is not a valid ONNX model, or not one that ${backend.name} ${backend.version} runs: ${reason}. Export it anew.`,
    { cause: error },
  )
}

function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new ConfigurationError(`threads must be a whole number from 1 to 256; got ${threads}.`)
  }
}
