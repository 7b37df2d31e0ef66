import { hostMemory, hostThreads } from '#kernels/host'
import { ConfigurationError } from '../tensor/errors.js'
import { type Backend, type BackendRequest, type Ort, oneAtATime, type WasmPaths } from './backend.js'

interface Settled {
  readonly threads: number
  readonly wasmPaths: WasmPaths | undefined
  readonly exclusive: Backend['exclusive']
}

/** What the first use of each build of onnxruntime-web has fixed for the rest of the process. */
const settledOf = new WeakMap<object, Settled>()

/** All that the memory of WebAssembly can hold. */
const MOST_BYTES = 2 ** 32

/** Threads where none are asked for: more gain little in WebAssembly. */
const USUAL_THREADS = 4

/**
 * onnxruntime-web, its module loaded. Its threads and the place of its files are fixed by the first use, for all sessions
 * of the process or page. Throws {@link ConfigurationError} where others are asked for later.
 */
export function webBackend(ort: Ort, request: BackendRequest, note: string | undefined): Backend {
  const { env } = ort
  const offered = hostThreads()
  const asked = offered.limitation === undefined ? request.threads : undefined
  let settled = settledOf.get(env)
  if (settled) {
    if (asked !== undefined && asked !== settled.threads) {
      throw new ConfigurationError(
        `onnxruntime-web has run here with ${counted(settled.threads)}, which its first use fixes; ${counted(asked)} were asked for. Ask for as many at the first use, or leave threads out.`,
      )
    }
    if (request.wasmPaths !== undefined && JSON.stringify(request.wasmPaths) !== JSON.stringify(settled.wasmPaths)) {
      throw new ConfigurationError(
        'onnxruntime-web has been loaded already, and wasmPaths has come too late; give it with the first use.',
      )
    }
  } else {
    const threads = asked ?? Math.min(offered.threads, USUAL_THREADS)
    settled = { threads, wasmPaths: request.wasmPaths, exclusive: oneAtATime() }
    settledOf.set(env, settled)
    env.logLevel = 'fatal'
    env.wasm.numThreads = threads
    if (request.wasmPaths !== undefined) env.wasm.wasmPaths = pathsForOrt(request.wasmPaths)
  }
  return {
    name: 'onnxruntime-web',
    version: env.versions.web ?? env.versions.common,
    ort,
    provider: request.device === 'webgpu' ? 'webgpu' : 'wasm',
    threads: settled.threads,
    ...(note === undefined ? {} : { note }),
    ...(offered.limitation === undefined ? {} : { limitation: offered.limitation }),
    fillsOutputs: false,
    takesShared: true,
    threadsPerSession: false,
    room: request.device === 'webgpu' ? () => Number.POSITIVE_INFINITY : () => Math.min(MOST_BYTES, hostMemory()),
    exclusive: settled.exclusive,
  }
}

const counted = (threads: number): string => (threads === 1 ? '1 thread' : `${threads} threads`)

function pathsForOrt(paths: WasmPaths): NonNullable<Ort['env']['wasm']['wasmPaths']> {
  if (typeof paths === 'string') return paths
  return {
    ...(paths.wasm === undefined ? {} : { wasm: paths.wasm }),
    ...(paths.mjs === undefined ? {} : { mjs: paths.mjs }),
  }
}
