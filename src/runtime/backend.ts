import type * as Web from 'onnxruntime-web'

/** Where graphs run. */
export type Device = 'cpu' | 'cuda' | 'webgpu'

/** Which package runs them: onnxruntime-node, or onnxruntime-web. */
export type BackendName = 'node' | 'web'

/** Where onnxruntime-web finds its two files: a folder's address that ends in /, or the address of each. */
export type WasmPaths = string | { readonly wasm?: string | URL; readonly mjs?: string | URL }

/** What is asked of {@link Backend}s; absent means: whatever is best here. */
export interface BackendRequest {
  readonly device: Device
  readonly backend?: BackendName | undefined
  readonly threads?: number | undefined
  readonly wasmPaths?: WasmPaths | undefined
}

/** The part of both packages that is used. They share their types. */
export type Ort = Pick<typeof Web, 'InferenceSession' | 'Tensor' | 'env'>
export type Session = Web.InferenceSession
export type SessionOptions = Web.InferenceSession.SessionOptions
export type OrtTensor = Web.Tensor

/** ONNX Runtime as one host and device have it. */
export interface Backend {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web'
  readonly version: string
  readonly ort: Ort
  /** The execution provider's name. */
  readonly provider: string
  readonly threads: number
  readonly note?: string
  readonly limitation?: string
  /**
   * Whether outputs given beforehand are filled. onnxruntime-web takes them, and leaves them as they were when they lie
   * in JavaScript's memory.
   */
  readonly fillsOutputs: boolean
  /** Whether arrays on shared memory can be fed. */
  readonly takesShared: boolean
  /** Whether a session has threads of its own, as many as it asks for. */
  readonly threadsPerSession: boolean
  /** Bytes that a run can take at present, as far as that is known. */
  readonly room: () => number
  /** Frees memory that nobody needs any more, before the collector would. */
  readonly discard?: (memory: readonly ArrayBuffer[]) => void
  /** Runs work that must not meet other work of this backend half way. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>
}

/** Lets pieces of work through as they come: they are synchronous inside, and cannot meet. */
export const atOnce = <T>(work: () => Promise<T>): Promise<T> => work()

/**
 * Lets one piece of work through at a time. A run of onnxruntime-web awaits between two uses of its module's stack, and
 * another must not move the stack meanwhile.
 */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (work) => {
    const before = last
    waiting++
    const result = waiting === 1 ? work() : before.then(work)
    last = result.then(
      () => {},
      () => {},
    )
    try {
      return await result
    } finally {
      waiting--
    }
  }
}

/** What an error of ONNX Runtime says, without places in its source, codes and stacks. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const [line] = text
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /s, '')
    .replace(/^.*ERROR_MESSAGE: /s, '')
    .replace(/^.*?Status Message: /s, '')
    .replace(/^.*? was false\. /s, '')
    .replace(/^\S+\.(?:cc|h):\d+ /, '')
    .split('\n')
  const short = line.trim().replace(/[.\s]+$/, '')
  return short.length > 300 ? `${short.slice(0, 300)} …` : short || 'no reason given'
}
