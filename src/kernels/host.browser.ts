import type { Helper, HelperStart } from './host.js'

/** The compiled kernels, fetched from beside this module. */
export const kernelBytes = (): Promise<Uint8Array<ArrayBuffer>> =>
  fetched(new URL('./energia.wasm', import.meta.url), 'energia.wasm')

/** The compiled kernels of optimizers, fetched from beside this module. */
export const optimizerKernelBytes = (): Promise<Uint8Array<ArrayBuffer>> =>
  fetched(new URL('./optimizers.wasm', import.meta.url), 'optimizers.wasm')

async function fetched(address: URL, file: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address)
  if (!response.ok)
    throw new Error(`The kernels could not be fetched (${response.status}); serve ${file} beside the module.`)
  return new Uint8Array(await response.arrayBuffer())
}

/** How many threads this page may use, and why it is fewer than one might expect. */
export function hostThreads(): { threads: number; limitation?: string } {
  if (!globalThis.crossOriginIsolated) {
    return {
      threads: 1,
      limitation:
        'This page is not cross-origin isolated, so the kernels run on one thread; serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp to use all.',
    }
  }
  return { threads: Math.max(1, navigator.hardwareConcurrency || 1) }
}

/** Bytes of memory that this page can still have: pages are not told. */
export function hostMemory(): number {
  return Number.POSITIVE_INFINITY
}

/** Starts a helper thread. */
export function startHelper(start: HelperStart): Helper {
  const worker = new Worker(new URL('./worker.browser.js', import.meta.url), { type: 'module' })
  worker.postMessage(start)
  return { terminate: () => worker.terminate() }
}
