import { parameterInputs } from '../energy/latentVariableEnergy.js'
import type { Parameters } from '../energy/module.js'
import { add, input, log, mul, neg, type Sym, square, sub, sum } from '../graph/index.js'
import { type Feeds, Programs, select } from '../inference/graph/programs.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  ballOf,
  reconstructionCost,
  sizeTerm,
  springTerm,
  type VariationalParts,
} from './variationalAutoEncoderLoss.js'

/** The graphs of a learned model, compiled as they are needed. Owns their sessions until disposed. */
export class VariationalPrograms {
  private readonly programs: Programs

  constructor(
    private readonly parts: VariationalParts,
    private readonly parameters: Parameters,
    runtime: Runtime,
  ) {
    this.programs = new Programs(runtime)
  }

  /** q(z | y, h) of a batch: `mean` and `deviation` [n, k], `kl` [n]. */
  async encode(given: { readonly y: Tensor; readonly x?: Tensor }) {
    const found = await this.run('encode', given, (parameters, { x, y }) => {
      const ball = ballOf(this.parts, parameters, y, this.parts.energy.context(parameters, x))
      return { mean: ball.mean, deviation: ball.deviation, kl: add(springTerm(ball), sizeTerm(ball)) }
    })
    return { mean: found.mean, deviation: found.deviation, kl: found.kl }
  }

  /** What codes z [n, k] stand for: the mean of y under the model. */
  async decode(given: { readonly z: Tensor; readonly x?: Tensor }): Promise<Tensor> {
    const { energy } = this.parts
    const found = await this.run('decode', given, (parameters, { x, z }) => ({
      decoded: energy.cost.mean(energy.decode(parameters, energy.context(parameters, x), z)),
    }))
    return found.decoded
  }

  /**
   * At z = mean + deviation·noise: `reconstruction` = −log p(y | z), and `logWeight` = log p(y, z) − log q(z | y), [n] each; the
   * constants of both Gaussians cancel.
   */
  async score(given: { readonly y: Tensor; readonly x?: Tensor; mean: Tensor; deviation: Tensor; noise: Tensor }) {
    const { energy } = this.parts
    const found = await this.run('score', given, (parameters, { x, y, mean, deviation, noise }) => {
      const code = add(mean, mul(deviation, noise))
      const decoded = energy.decode(parameters, energy.context(parameters, x), code)
      const reconstruction = reconstructionCost(this.parts, parameters, y, decoded)
      const density = sum(add(mul(sub(square(noise), square(code)), 0.5), log(deviation)), [1])
      return { reconstruction, logWeight: add(neg(reconstruction), density) }
    })
    return { reconstruction: found.reconstruction, logWeight: found.logWeight }
  }

  dispose(): void {
    this.programs.dispose()
  }

  private async run<Outputs extends Record<string, Sym>>(
    name: string,
    given: Feeds,
    build: (parameters: Record<string, Sym>, inputs: Record<string, Sym>) => Outputs,
  ): Promise<Record<keyof Outputs, Tensor>> {
    const program = await this.programs.get(name, () =>
      build(
        parameterInputs(this.parameters),
        Object.fromEntries(
          Object.entries(given).map(([key, { shape }]) => [key, input(key, ['n', ...shape.slice(1)])]),
        ),
      ),
    )
    const found = await program.run(select(program, given, this.parameters))
    return found as Record<keyof Outputs, Tensor> // these graphs compute in single precision throughout
  }
}
