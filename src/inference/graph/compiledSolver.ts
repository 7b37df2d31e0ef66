import type { Parameters } from '../../energy/module.js'
import { input } from '../../graph/index.js'
import type { Program, Runtime } from '../../runtime/runtime.js'
import { compileOutputs, type Feeds, select } from './programs.js'
import { nextName, type RowPool } from './rowPool.js'
import type { SolverGraphs } from './solverGraphs.js'

/** A solver's graphs, compiled. It owns their sessions until disposed. */
export class CompiledSolver {
  private constructor(
    private readonly prepareProgram: Program | undefined,
    private readonly beginProgram: Program,
    private readonly advanceProgram: Program,
    private readonly finishProgram: Program,
    readonly kept: readonly string[],
    readonly work: number,
  ) {}

  static async compile(runtime: Runtime, graphs: SolverGraphs): Promise<CompiledSolver> {
    const { prepare, begin, advance, finish, kept, work } = graphs
    const named = Object.fromEntries(Object.entries(advance(input)).map(([name, sym]) => [nextName(name), sym]))
    const once = Object.keys(prepare).length > 0 ? await compileOutputs(runtime, prepare) : undefined
    return new CompiledSolver(
      once,
      await compileOutputs(runtime, begin(input)),
      await compileOutputs(runtime, named),
      await compileOutputs(runtime, finish),
      kept,
      work,
    )
  }

  /** What all rows share: the parameters, and what is made of them. */
  async prepare(parameters: Parameters): Promise<Feeds> {
    const program = this.prepareProgram
    return program ? { ...parameters, ...(await program.run(select(program, parameters))) } : parameters
  }

  /** Takes rows into a pool: `rows` are x, y and start of those from `from` on. */
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

  /** What is said of codes: `rows` are x, y, z and what was kept. */
  finish(shared: Feeds, rows: Feeds): Promise<Feeds> {
    return this.finishProgram.run(select(this.finishProgram, shared, rows))
  }

  dispose(): void {
    const { prepareProgram, beginProgram, advanceProgram, finishProgram } = this
    for (const program of [prepareProgram, beginProgram, advanceProgram, finishProgram]) program?.dispose()
  }
}
