/** What a helper thread is given: the compiled kernels, the shared memory, the control block and its own number (1 or more). */
export interface HelperStart {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly control: number
  readonly thread: number
}

/** A running helper thread. */
export interface Helper {
  terminate(): void
}
