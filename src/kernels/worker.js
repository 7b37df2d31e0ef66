/**
 * A helper thread's life, the same in Node and in browsers: instantiate the kernels on the shared memory and help until
 * stopped. A trap is reported through the control block, so that the caller does not wait for ever.
 * @param {import('./host.js').HelperStart} start
 */
export function runHelper({ module, memory, control, thread }) {
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: () => {} } })
  const kernels = /** @type {{ help(control: number, thread: number): void, fail(control: number): void }} */ (
    /** @type {unknown} */ (instance.exports)
  )
  try {
    kernels.help(control, thread)
  } catch (error) {
    kernels.fail(control)
    throw error
  }
}
