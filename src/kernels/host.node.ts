import { readFile } from 'node:fs/promises'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Helper, HelperStart } from './host.js'

/** The compiled kernels, which lie beside this module. */
export async function kernelBytes(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL('./energia.wasm', import.meta.url)))
}

/** The compiled kernels of optimizers, which lie beside this module. */
export async function optimizerKernelBytes(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL('./optimizers.wasm', import.meta.url)))
}

/** How many threads this host offers, and why it is fewer than one might expect. */
export function hostThreads(): { threads: number; limitation?: string } {
  return { threads: availableParallelism() }
}

/**
 * Bytes of memory that this process can still have. Linux tells what is free or can be freed; elsewhere the number of free bytes leaves out
 * what the system gives back on demand, and all that this process does not hold is counted. A container has what its limit leaves.
 */
export function hostMemory(): number {
  const held = process.memoryUsage.rss()
  const free = process.platform === 'linux' ? freemem() : totalmem() - held
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(free, limit - held) : free
}

/** Starts a helper thread; it does not keep the process alive. */
export function startHelper(start: HelperStart): Helper {
  const worker = new Worker(new URL('./worker.node.js', import.meta.url), { workerData: start })
  worker.unref()
  return { terminate: () => void worker.terminate() }
}
