import type { Parameters } from '../energy/module.js'
import { turn } from '../kernels/turn.js'
import { checkRoom } from '../runtime/room.js'
import type { Program, Runtime, Value } from '../runtime/runtime.js'
import { ConfigurationError, DataError, ShapeError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor, tensor } from '../tensor/tensor.js'
import { learning, SMALLER } from './learnable.js'
import { gradientGraph, kernelRule, lossGraph, metricName, stepGraph, type TrainingProblem } from './trainingGraph.js'
import { fitsKernel, graphSets, kernelSets, setBytes, type TrainingSets, type Values } from './trainingSets.js'

export type { InputShape, Loss, TrainingProblem } from './trainingGraph.js'

/** What {@link gradientTraining} takes. */
export interface TrainingOptions extends TrainingProblem {
  readonly runtime: Runtime
  /** Threads of the step's graph, where the runtime gives each graph its own. */
  readonly threads?: number
}

/** What a step saw. Numbers are those of the batch before the parameters moved. */
export interface TrainingStep {
  /** `nonFinite`: the loss, the gradient or a parameter became NaN or infinite; the step was not taken. */
  readonly status: 'ok' | 'nonFinite'
  readonly loss: number
  /** ‖g‖ over all parameters, before clipping. */
  readonly gradientNorm: number
  readonly metrics: Readonly<Record<string, number>>
}

/** Everything that the next step depends on. */
export interface TrainingState {
  readonly parameters: Parameters
  readonly optimizer: Parameters
  /** Steps taken. */
  readonly steps: number
}

/** How long steps may follow one another without the event loop turning, in milliseconds. */
const SLICE = 25

/**
 * Minimizes a loss by gradient steps, each one run of one graph, which an optimizer's kernel completes where there is one. A step that
 * ends in NaN or infinity is not taken, so the last good parameters stay. Owns two compiled graphs until disposed. Made by
 * {@link gradientTraining}.
 */
export class GradientTraining {
  private readonly stateNames: readonly string[]
  private readonly stepCount: Float32Array | Float64Array
  private readonly scalars: Readonly<Record<string, Float32Array>>
  /** The scalars where the graph leaves them. */
  private readonly reported: Values
  private steps = 0
  private gradientNorm = 0
  private busy = false
  private lastTurn = 0
  private lossProgram: Promise<Program> | undefined

  constructor(
    private readonly options: TrainingOptions,
    private readonly program: Program,
    private readonly metrics: readonly string[],
    state: Parameters,
    private readonly memory: TrainingSets,
  ) {
    this.stateNames = Object.keys(state)
    this.stepCount = precisionOf(options) === 'float64' ? new Float64Array(1) : new Float32Array(1)
    this.scalars = Object.fromEntries(['loss', ...metrics.map(metricName)].map((name) => [name, new Float32Array(1)]))
    this.reported = Object.fromEntries(Object.entries(this.scalars).map(([name, data]) => [name, { shape: [], data }]))
  }

  /** Steps taken so far, those before a resume included. */
  get stepsTaken(): number {
    return this.steps
  }

  /** ‖g‖ over all parameters in the last step taken here, before clipping; 0 before the first. */
  get lastGradientNorm(): number {
    return this.gradientNorm
  }

  /**
   * One step on the inputs of one batch. Throws `ShapeError` or `DataError` where inputs are not as they were declared, and
   * `ConfigurationError` where the last step has not ended.
   */
  async step(inputs: Readonly<Record<string, Value>>): Promise<TrainingStep> {
    if (this.busy) throw new ConfigurationError('A training step is under way; await it before the next.')
    this.busy = true
    try {
      await this.breathe()
      const { memory, scalars, stepCount } = this
      const feeds: Values = { ...memory.feeds, step: { shape: [], data: stepCount } }
      for (const name in this.options.inputs) feeds[name] = inputs[name]
      stepCount[0] = this.steps
      await this.program.run(feeds, { ...memory.results, ...this.reported })
      const loss = scalars.loss[0]
      const { gradientNorm, taken } = memory.finish(Number.isFinite(loss))
      if (taken) {
        this.steps++
        this.gradientNorm = gradientNorm
      }
      return { status: taken ? 'ok' : 'nonFinite', loss, gradientNorm, metrics: this.readMetrics(scalars) }
    } finally {
      this.busy = false
    }
  }

  /** Loss and metrics of a batch at the parameters as they stand; nothing moves. The graph for it is compiled at the first call. */
  async evaluate(
    inputs: Readonly<Record<string, Value>>,
  ): Promise<{ readonly loss: number; readonly metrics: Readonly<Record<string, number>> }> {
    this.lossProgram ??= this.options.runtime.compile(lossGraph(this.options), threadsOf(this.options))
    const program = await this.lossProgram
    await this.breathe()
    const feeds: Values = {}
    for (const name in this.options.parameters) feeds[name] = this.memory.set[name]
    for (const name in this.options.inputs) feeds[name] = inputs[name]
    const found = await program.run(feeds)
    const scalars = Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]))
    return { loss: scalars.loss[0], metrics: this.readMetrics(scalars) }
  }

  /** The parameters as they stand, copied. */
  parameters(): Parameters {
    return this.read(Object.keys(this.options.parameters))
  }

  /** Everything that the next step depends on, copied. */
  state(): TrainingState {
    return { parameters: this.parameters(), optimizer: this.read(this.stateNames), steps: this.steps }
  }

  /**
   * Goes on from a state: the same batches then lead to the same bits. Throws {@link ShapeError} or {@link DataError} where
   * it belongs to other parameters, and takes nothing of it then.
   */
  restore({ parameters, optimizer, steps }: TrainingState): void {
    if (this.busy) throw new ConfigurationError('A training step is under way; await it before restoring a state.')
    if (!Number.isSafeInteger(steps) || steps < 0) {
      throw new DataError(`A training state counts its steps by a whole number, 0 or more; got ${steps}.`)
    }
    const { set } = this.memory
    const given = { ...parameters, ...optimizer }
    for (const name in set) {
      if (!given[name]) {
        throw new ShapeError(`The training state lacks "${name}"; it belongs to another model or optimizer.`)
      }
      const { shape, data } = given[name]
      if (!sameShape(shape, set[name].shape) || data.length !== set[name].data.length) {
        throw new ShapeError(
          `The training state has "${name}" as ${formatShape(shape)}, and it is ${formatShape(set[name].shape)} here.`,
        )
      }
      checkFinite(`"${name}" of the training state`, data)
    }
    this.memory.write(given)
    this.steps = steps
  }

  dispose(): void {
    this.program.dispose()
    // A graph that did not compile has been reported where it was asked for.
    this.lossProgram?.then((program) => program.dispose()).catch(() => {})
  }

  private read(names: readonly string[]): Parameters {
    const { set } = this.memory
    return Object.fromEntries(
      names.map((name): [string, Tensor] => [name, tensor(set[name].shape, set[name].data.slice())]),
    )
  }

  private readMetrics(scalars: Readonly<Record<string, Float32Array>>): Record<string, number> {
    const metrics: Record<string, number> = {}
    for (const name of this.metrics) metrics[name] = scalars[metricName(name)][0]
    return metrics
  }

  private async breathe(): Promise<void> {
    const now = performance.now()
    if (now - this.lastTurn < SLICE) return
    await turn()
    this.lastTurn = performance.now()
  }
}

/**
 * Compiles a loss, its gradients and the optimizer's update into one graph, and gives what runs it. Stop between two steps to
 * cancel; each awaits at least every 25 ms, so that signals arrive. Throws {@link ConfigurationError}, {@link ShapeError} or
 * {@link DataError} where a part does not fit, before anything is trained.
 */
export async function gradientTraining(options: TrainingOptions): Promise<GradientTraining> {
  const { parameters, optimizer, runtime } = options
  for (const [name, { shape, data }] of Object.entries(parameters)) {
    tensor(shape, data)
    checkFinite(`The parameter "${name}"`, data)
  }
  const state = optimizer.init(parameters)
  const rule = fitsKernel(parameters) ? kernelRule(options) : undefined
  const { graph, metrics } = rule
    ? gradientGraph(options, rule, state, precisionOf(options))
    : stepGraph(options, state, precisionOf(options))
  const program = await runtime.compile(graph, threadsOf(options))
  try {
    const count = Object.values(parameters).reduce((total, { data }) => total + data.length, 0)
    checkRoom(setBytes(parameters, state) + (program.memory?.(1) ?? 0), learning(count), SMALLER)
    const memory = rule
      ? await kernelSets(parameters, state, rule, options.clip !== undefined)
      : graphSets(parameters, state)
    return new GradientTraining(options, program, metrics, state, memory)
  } catch (error) {
    program.dispose()
    throw error
  }
}

function checkFinite(what: string, data: Float32Array): void {
  for (let place = 0; place < data.length; place++) {
    if (Number.isFinite(data[place])) continue
    throw new DataError(`${what} holds ${data[place]} at place ${place}; start from finite numbers.`)
  }
}

/** The precision of scalars such as 1 − βᵗ. The build of onnxruntime-web for WebGPU knows no double precision. */
const precisionOf = ({ runtime }: TrainingOptions): 'float32' | 'float64' =>
  runtime.device === 'webgpu' ? 'float32' : 'float64'

const threadsOf = ({ threads }: TrainingOptions): { threads?: number } => (threads === undefined ? {} : { threads })
