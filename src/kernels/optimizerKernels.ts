import { optimizerKernelBytes } from '#kernels/host'

/** What `optimizers.wasm` exports; addresses are byte offsets into the memory. */
interface Exports {
  squares(gradients: number, bytes: number): number
  adaptive(
    set: number,
    gradients: number,
    bytes: number,
    beta1: number,
    beta2: number,
    decay: number,
    kept: number,
    scale: number,
    offset: number,
  ): number
}

/** Kernels of optimizers with a memory of their own, which is not shared: ONNX Runtime feeds no arrays on shared memory. */
export interface OptimizerKernels {
  readonly buffer: ArrayBuffer
  readonly kernels: Exports
}

const PAGE = 65536
/** All that WebAssembly can address. */
export const OPTIMIZER_MEMORY_LIMIT = 65535 * PAGE

let module: Promise<WebAssembly.Module> | undefined

/** Kernels with `bytes` of memory, zeros. */
export async function optimizerKernels(bytes: number): Promise<OptimizerKernels> {
  module ??= optimizerKernelBytes().then((code) => WebAssembly.compile(code))
  const compiled = await module
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE)), maximum: 65536 })
  const instance = await WebAssembly.instantiate(compiled, { env: { memory } })
  // The exports of a module that is built with this file.
  return { buffer: memory.buffer as ArrayBuffer, kernels: instance.exports as unknown as Exports }
}
