import type { Program, Runtime, Value } from '../../runtime/runtime.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { Outputs } from './solverGraphs.js'

/** What graphs are fed, by name. */
export type Feeds = Readonly<Record<string, Value>>

/** Graphs by name, each compiled when it is first asked for. Owns their sessions until disposed. */
export class Programs {
  private readonly compiled = new Map<string, Promise<Program>>()
  private disposed = false

  constructor(readonly runtime: Runtime) {}

  /** The program of a name. Throws {@link ConfigurationError} once they are disposed. */
  get(name: string, outputs: () => Outputs): Promise<Program> {
    this.checkUsable()
    let program = this.compiled.get(name)
    if (!program) {
      program = compileOutputs(this.runtime, outputs(), name)
      this.compiled.set(name, program)
    }
    return program
  }

  /** Throws {@link ConfigurationError} once they are disposed. */
  checkUsable(): void {
    if (this.disposed) {
      throw new ConfigurationError('This model has been disposed of; load it again, or dispose of it later.')
    }
  }

  dispose(): void {
    this.disposed = true
    // A graph that did not compile has been reported where it was asked for.
    for (const program of this.compiled.values()) program.then((ready) => ready.dispose()).catch(() => {})
    this.compiled.clear()
  }
}

/** Compiles the graph of some outputs; `name` is what messages call it. */
export function compileOutputs(runtime: Runtime, outputs: Outputs, name = 'graph'): Promise<Program> {
  return runtime.compile({ name, outputs })
}

/** The feeds that a program asks for, out of several tables; what comes first counts. */
export function select(program: Program, ...tables: readonly Feeds[]): Feeds {
  const feeds: Record<string, Value> = {}
  for (const name of program.inputs) {
    const table = tables.find((each) => Object.hasOwn(each, name))
    if (table) feeds[name] = table[name]
  }
  return feeds
}

/** The numbers of an output, [n, 1], in double precision. */
export function doubles(value: Value): Float64Array {
  return Float64Array.from(value.data as Float64Array)
}
