import { encodeOnnx } from '../../graph/index.js'
import type { Program, Runtime, Value } from '../../runtime/runtime.js'
import type { Outputs } from './solverGraphs.js'

/** What graphs are fed, by name. */
export type Feeds = Readonly<Record<string, Value>>

/** Graphs by name, each compiled when it is first asked for. Owns their sessions until disposed. */
export class Programs {
  private readonly compiled = new Map<string, Promise<Program>>()

  constructor(readonly runtime: Runtime) {}

  get(name: string, outputs: () => Outputs): Promise<Program> {
    let program = this.compiled.get(name)
    if (!program) {
      program = compileOutputs(this.runtime, outputs())
      this.compiled.set(name, program)
    }
    return program
  }

  dispose(): void {
    // A graph that did not compile has been reported where it was asked for.
    for (const program of this.compiled.values()) program.then((ready) => ready.dispose()).catch(() => {})
    this.compiled.clear()
  }
}

/** Compiles the graph of some outputs. */
export function compileOutputs(runtime: Runtime, outputs: Outputs): Promise<Program> {
  return runtime.compile(encodeOnnx({ outputs }))
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
