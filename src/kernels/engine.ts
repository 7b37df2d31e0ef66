import { hostThreads, kernelBytes, startHelper } from '#kernels/host'
import { ConfigurationError, ConvergenceError } from '../tensor/errors.js'
import { Allocator } from './allocator.js'
import type { Helper } from './host.js'
import type { JobNumber } from './jobs.js'
import { convolutionLayout, learningLayout, problemLayout } from './structs.js'

/** What `energia.wasm` exports; addresses are byte offsets into the memory. */
interface Kernels {
  heapBase(): number
  problemBytes(): number
  learningBytes(): number
  convolutionBytes(): number
  addCoefficient(convolution: number, tile: number, corner: number, kernel: number, value: number): void
  convolutionScratch(convolution: number, tileHeight: number, tileWidth: number): number
  listUnsettled(convolution: number, colour: number): number
  activeSetScratch(problem: number): number
  denseScratch(problem: number): number
  pursuitScratch(problem: number): number
  maskedScratch(problem: number): number
  parallelFor(
    control: number,
    kind: number,
    first: number,
    items: number,
    chunk: number,
    problem: number,
    helpers: number,
  ): number
  publish(
    control: number,
    kind: number,
    first: number,
    items: number,
    chunk: number,
    problem: number,
    helpers: number,
  ): void
  join(control: number): number
  transposeCodes(learning: number): void
  packCodes(problem: number, rows: number): number
  updateAtoms(control: number, learning: number, helpers: number, leastUse: number): number
  gradientAtoms(control: number, learning: number, helpers: number, rate: number, columns: boolean): number
  stop(control: number): void
}

const CONTROL_BYTES = 256
const MAXIMUM_PAGES = 65536

/**
 * The kernels with their memory and threads. Calls block until done, so callers cut long work into pieces and let the
 * event loop turn between them.
 */
export class Engine {
  readonly allocator: Allocator
  private readonly helpers: Helper[] = []

  private constructor(
    readonly kernels: Kernels,
    private readonly memory: WebAssembly.Memory,
    module: WebAssembly.Module,
    private readonly control: number,
    limitBytes: number,
    /** Threads at work, the calling one included. */
    readonly threads: number,
    /** Why there are fewer threads than were asked for. */
    readonly limitation: string | undefined,
  ) {
    this.allocator = new Allocator(memory, control + CONTROL_BYTES, limitBytes)
    new Uint8Array(memory.buffer).fill(0, control, control + CONTROL_BYTES)
    for (let thread = 1; thread < threads; thread++) {
      this.helpers.push(startHelper({ module, memory, control, thread }))
    }
  }

  static async start(threads?: number): Promise<Engine> {
    const offered = hostThreads()
    if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > 256)) {
      throw new ConfigurationError(`threads must be a whole number from 1 to 256; got ${threads}.`)
    }
    const alone = offered.limitation !== undefined
    const count = alone ? 1 : (threads ?? offered.threads)
    const module = await WebAssembly.compile(await kernelBytes())
    const { memory, pages } = reserve()
    const instance = await WebAssembly.instantiate(module, { env: { memory, abort: () => {} } })
    // The exports' types are those of the module that this project builds.
    const kernels = instance.exports as unknown as Kernels
    if (
      kernels.problemBytes() !== problemLayout.bytes ||
      kernels.learningBytes() !== learningLayout.bytes ||
      kernels.convolutionBytes() !== convolutionLayout.bytes
    ) {
      throw new ConfigurationError('energia.wasm is of another version than this code; build the project anew.')
    }
    return new Engine(kernels, memory, module, kernels.heapBase(), pages * 65536, count, offered.limitation)
  }

  get buffer(): ArrayBufferLike {
    return this.memory.buffer
  }

  f32(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length)
  }

  f64(at: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, at, length)
  }

  i32(at: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, length)
  }

  /** Runs a job over `items` from `first` on, in chunks of `chunk` items, on all threads. */
  parallelFor(job: JobNumber, items: number, chunk: number, problem: number, first = 0): void {
    this.check(this.kernels.parallelFor(this.control, job, first, items, chunk, problem, this.threads - 1))
  }

  /**
   * Lays out a job for the helpers, who begin at once; {@link join} takes part and waits until it is done. Nothing else may use
   * the engine between the two, so the event loop must not turn.
   */
  publish(job: JobNumber, items: number, chunk: number, problem: number, first = 0): void {
    this.kernels.publish(this.control, job, first, items, chunk, problem, this.threads - 1)
  }

  join(): void {
    this.check(this.kernels.join(this.control))
  }

  updateAtoms(learning: number, leastUse: number): void {
    this.check(this.kernels.updateAtoms(this.control, learning, this.threads - 1, leastUse))
  }

  gradientAtoms(learning: number, rate: number, columns: boolean): void {
    this.check(this.kernels.gradientAtoms(this.control, learning, this.threads - 1, rate, columns))
  }

  private check(failed: number): void {
    if (failed)
      throw new ConvergenceError(
        'A kernel thread stopped with an error; this is a defect of Energia, please report it.',
      )
  }

  dispose(): void {
    this.kernels.stop(this.control)
    for (const helper of this.helpers) helper.terminate()
  }
}

/** Shared memory that may grow as far as this host allows. */
function reserve(): { memory: WebAssembly.Memory; pages: number } {
  for (let pages = MAXIMUM_PAGES; ; pages /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 16, maximum: pages, shared: true }), pages }
    } catch (error) {
      if (pages <= 1024) {
        throw new ConfigurationError(
          'This host cannot provide shared WebAssembly memory; Node 20.19 or a current browser is needed.',
          {
            cause: error,
          },
        )
      }
    }
  }
}

const engines = new Map<number | undefined, Promise<Engine>>()

/** The engine for this number of threads (all of the host's by default); started once and shared. */
export function sharedEngine(threads?: number): Promise<Engine> {
  let engine = engines.get(threads)
  if (!engine) {
    engine = Engine.start(threads)
    engines.set(threads, engine)
    engine.catch(() => engines.delete(threads))
  }
  return engine
}
