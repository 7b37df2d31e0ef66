import { isSym, type Parameters, type SymParameters } from '../energy/module.js'
import { add, type Dimension, type ElementType, type Graph, gradient, input, type Sym, sum } from '../graph/index.js'
import { formatDimensions, sameDimensions } from '../graph/shapes.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { type Clipping, clipGradients, globalNorm } from './optimizers/clipGradients.js'
import type { AdaptiveRule, Optimizer } from './optimizers/optimizer.js'

/** The shape of what is fed at every step, 'n' for the batch; of float32 unless the type is said. */
export type InputShape = readonly Dimension[] | { readonly shape: readonly Dimension[]; readonly type: ElementType }

/** A loss to minimize, a scalar, and scalars to report beside it. */
export type Loss = Sym | { readonly loss: Sym; readonly metrics?: SymParameters }

/** What one training step computes. */
export interface TrainingProblem {
  readonly parameters: Parameters
  readonly inputs: Readonly<Record<string, InputShape>>
  loss(parameters: SymParameters, inputs: SymParameters): Loss
  readonly optimizer: Optimizer
  /** Bounds the gradients before the optimizer sees them. */
  readonly clip?: Clipping
  /** Brings parameters back to where they must be after each step, such as atoms to unit norm; those left out stay. */
  constrain?(parameters: SymParameters): SymParameters
}

const ownInputs = ['step']
const ownOutputs = ['loss', 'gradientNorm', 'health']
const ownNames = /^(next|gradient|metric|rule)\./

/** The names of what a step graph gives for a parameter or state, its gradient, a metric, and a number of an optimizer's rule. */
export const nextName = (name: string): string => `next.${name}`
export const gradientName = (name: string): string => `gradient.${name}`
export const metricName = (name: string): string => `metric.${name}`
export const ruleName = (name: string): string => `rule.${name}`

export interface StepGraph {
  readonly graph: Graph
  readonly metrics: readonly string[]
}

/** The optimizer's rule where the kernel can take the step, which a constraint keeps in the graph. */
export const kernelRule = ({ optimizer, constrain }: TrainingProblem): AdaptiveRule | undefined =>
  constrain ? undefined : optimizer.adaptive

/** Loss, metrics and gradients of a problem, before and after clipping. */
function differentiated(problem: TrainingProblem, parameters: SymParameters, inputs: SymParameters) {
  const { loss, metrics } = lossOf(problem, parameters, inputs)
  const found = gradient(loss, Object.values(parameters))
  const bare = Object.fromEntries(Object.keys(parameters).map((name, i) => [name, found[i]]))
  return { loss, metrics, bare, used: problem.clip ? clipGradients(bare, problem.clip) : bare }
}

/**
 * One step as a graph: loss, gradients, update. In: parameters, the optimizer's state and inputs by their names, and
 * `step`, the number of steps taken, as float64 or float32 by `precision`. Out: the next parameters and state, `loss`, `gradientNorm` before
 * clipping, the metrics, and `health`, which is finite only where all next parameters are. Throws {@link ShapeError} and
 * {@link ConfigurationError} where the loss is no scalar, a part changes its shape, or names clash.
 */
export function stepGraph(
  problem: TrainingProblem,
  state: Parameters,
  precision: 'float32' | 'float64' = 'float64',
): StepGraph {
  checkNames(problem, state)
  const { optimizer, constrain } = problem
  const parameters = symbolic(problem.parameters)
  const remembered = symbolic(state)
  const inputs = symbolicInputs(problem.inputs)
  const step = input('step', [], precision)
  const { loss, metrics, bare, used } = differentiated(problem, parameters, inputs)
  const updated = optimizer.update(parameters, used, remembered, step)
  const moved = { ...updated.parameters, ...constrain?.(updated.parameters) }
  const before = { ...parameters, ...remembered }
  const next = checkedNext(before, { ...moved, ...updated.state })
  const graph: Graph = {
    name: 'training step',
    inputs: [...Object.values(before), ...Object.values(inputs), step],
    outputs: {
      ...renamed(next, nextName),
      loss,
      gradientNorm: globalNorm(bare),
      health: Object.keys(parameters)
        .map((name) => sum(next[name]))
        .reduce((a, b) => add(a, b)),
      ...renamed(metrics, metricName),
    },
  }
  return { graph, metrics: Object.keys(metrics) }
}

/**
 * The part of a step that comes before the kernel of an optimizer. In: parameters, inputs and `step`. Out: gradients after clipping,
 * `loss`, the metrics, the numbers of the rule, and where there is clipping the `gradientNorm` before it. Throws as {@link stepGraph}.
 */
export function gradientGraph(
  problem: TrainingProblem,
  rule: AdaptiveRule,
  state: Parameters,
  precision: 'float32' | 'float64' = 'float64',
): StepGraph {
  checkNames(problem, state)
  const parameters = symbolic(problem.parameters)
  const inputs = symbolicInputs(problem.inputs)
  const step = input('step', [], precision)
  const { loss, metrics, bare, used } = differentiated(problem, parameters, inputs)
  const graph: Graph = {
    name: 'training step',
    inputs: [...Object.values(parameters), ...Object.values(inputs), step],
    outputs: {
      ...renamed(used, gradientName),
      loss,
      ...(problem.clip ? { gradientNorm: globalNorm(bare) } : {}),
      ...renamed(rule.numbers(step), ruleName),
      ...renamed(metrics, metricName),
    },
  }
  return { graph, metrics: Object.keys(metrics) }
}

/** The loss and the metrics alone as a graph, at the parameters that are fed. */
export function lossGraph(problem: TrainingProblem): Graph {
  const parameters = symbolic(problem.parameters)
  const inputs = symbolicInputs(problem.inputs)
  const { loss, metrics } = lossOf(problem, parameters, inputs)
  return {
    name: 'loss',
    inputs: [...Object.values(parameters), ...Object.values(inputs)],
    outputs: { loss, ...renamed(metrics, metricName) },
  }
}

/** The same values under other names. */
export const renamed = <T>(values: Readonly<Record<string, T>>, rename: (name: string) => string): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [rename(name), value]))

const symbolic = (tensors: Parameters): SymParameters =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, input(name, shape)]))

const symbolicInputs = (shapes: TrainingProblem['inputs']): SymParameters =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, given]) => [
      name,
      'type' in given ? input(name, given.shape, given.type) : input(name, given),
    ]),
  )

function lossOf(
  problem: TrainingProblem,
  parameters: SymParameters,
  inputs: SymParameters,
): { loss: Sym; metrics: SymParameters } {
  const given = problem.loss(parameters, inputs)
  const { loss, metrics = {} } = isSym(given) ? { loss: given } : given
  for (const [name, value] of Object.entries({ loss, ...renamed(metrics, metricName) })) {
    const what = name === 'loss' ? 'The loss' : `The metric "${name.slice(metricName('').length)}"`
    if (!isSym(value)) throw new ShapeError(`${what} must be a symbolic tensor; got ${typeof value}.`)
    if (value.shape.length > 0 || value.type !== 'float32') {
      throw new ShapeError(
        `${what} must be one number (float32); got [${formatDimensions(value.shape)}] of ${value.type}. Use mean() or sum(), or cast().`,
      )
    }
  }
  return { loss, metrics }
}

/** What a step leads to, complete and in the shapes of before. */
function checkedNext(before: SymParameters, next: SymParameters): SymParameters {
  const extra = Object.keys(next).find((name) => !Object.hasOwn(before, name))
  if (extra !== undefined) throw new ConfigurationError(`A step gives "${extra}", which is no parameter and no state.`)
  for (const [name, { shape }] of Object.entries(before)) {
    const given = next[name]?.shape
    if (given === undefined) throw new ConfigurationError(`A step gives nothing for "${name}".`)
    if (!sameDimensions(given, shape)) {
      throw new ShapeError(
        `A step changes the shape of "${name}": [${formatDimensions(shape)}] becomes [${formatDimensions(given)}].`,
      )
    }
  }
  return next
}

function checkNames({ parameters, inputs }: TrainingProblem, state: Parameters): void {
  if (Object.keys(parameters).length === 0) throw new ConfigurationError('There are no parameters to train.')
  const seen = new Set<string>()
  for (const name of [...Object.keys(parameters), ...Object.keys(state), ...Object.keys(inputs)]) {
    const own = [...ownInputs, ...ownOutputs].includes(name) || ownNames.test(name)
    if (own || seen.has(name)) {
      throw new ConfigurationError(
        `The name "${name}" ${own ? 'belongs to the training graph' : 'stands for two things among parameters, state and inputs'}; choose another.`,
      )
    }
    seen.add(name)
  }
}
