import type { Parameters } from '../../energy/module.js'
import { encodeOnnx } from '../../graph/index.js'
import type { Program, Runtime, Value } from '../../runtime/runtime.js'
import { nextName, type RowPool } from './rowPool.js'
import type { Outputs, SolverGraphs } from './solverGraphs.js'

/** What graphs are fed, by name. */
export type Feeds = Readonly<Record<string, Value>>

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

/** A solver's graphs, compiled. It owns their sessions until disposed. */
export class CompiledSolver {
  private constructor(
    private readonly prepareProgram: Program | undefined,
    private readonly beginProgram: Program,
    private readonly advanceProgram: Program,
    readonly work: number,
  ) {}

  static async compile(runtime: Runtime, { prepare, begin, advance, work }: SolverGraphs): Promise<CompiledSolver> {
    const named = Object.fromEntries(Object.entries(advance).map(([name, sym]) => [nextName(name), sym]))
    const once = Object.keys(prepare).length > 0 ? await compileOutputs(runtime, prepare) : undefined
    return new CompiledSolver(once, await compileOutputs(runtime, begin), await compileOutputs(runtime, named), work)
  }

  /** What all rows share: the parameters, and what is made of them. */
  async prepare(parameters: Parameters): Promise<Feeds> {
    const program = this.prepareProgram
    return program ? { ...parameters, ...(await program.run(select(program, parameters))) } : parameters
  }

  /** Takes rows into a pool: `rows` are x, y, start and lambda of those from `from` on. */
  async begin(pool: RowPool, from: number, count: number, shared: Feeds, rows: Feeds): Promise<void> {
    const program = this.beginProgram
    const made = await program.run(select(program, shared, rows))
    const carried = select(this.advanceProgram, rows)
    pool.push(from, count, { ...carried, ...made })
  }

  /** `steps` steps of all rows of a pool. */
  advance(pool: RowPool, steps: number, tolerance: number, shared: Feeds): Promise<void> {
    return pool.advance(this.advanceProgram, {
      ...shared,
      steps: { shape: [], data: BigInt64Array.of(BigInt(steps)) },
      tolerance: { shape: [], data: Float32Array.of(tolerance) },
    })
  }

  dispose(): void {
    for (const program of [this.prepareProgram, this.beginProgram, this.advanceProgram]) program?.dispose()
  }
}
