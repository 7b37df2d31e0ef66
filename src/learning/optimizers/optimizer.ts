import type { Parameters, SymParameters } from '../../energy/module.js'
import { add, cast, mul, type Sym } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { zeros } from '../../tensor/tensor.js'
import type { ScheduleConfig } from '../schedules/schedule.js'

/** An optimizer as `config.json` holds it. */
export type OptimizerConfig = { readonly kind: string; readonly learningRate: ScheduleConfig } & {
  readonly [setting: string]: number | boolean | string | ScheduleConfig
}

/** What one step leads to. */
export interface Updated {
  readonly parameters: SymParameters
  readonly state: SymParameters
}

/**
 * Adam's rule as numbers, for the kernel that takes a step in one pass over memory: M ← β₁M + g and V ← β₂V + g², the state's `mean.…`
 * and `square.…`, and p ← kept·p − scale·M/(√V + offset), with ωp added to g.
 */
export interface AdaptiveRule {
  readonly beta1: number
  readonly beta2: number
  /** ω. */
  readonly weightDecay: number
  /** Scalars of float32 for the step that `step` steps have gone before. */
  numbers(step: Sym): { readonly kept: Sym; readonly scale: Sym; readonly offset: Sym }
}

/** A rule by which parameters move along their gradients: a pair of pure functions. */
export interface Optimizer {
  readonly kind: string
  /** What the optimizer remembers, before the first step. Names are its own name and the parameter's, as in "mean.weight". */
  init(parameters: Parameters): Parameters
  /** Parameters and state after a step. `step` is the number of steps before this one, a scalar of float64 or float32. */
  update(parameters: SymParameters, gradients: SymParameters, state: SymParameters, step: Sym): Updated
  describe(): OptimizerConfig
  /** What `update` does, where a kernel can do it. */
  readonly adaptive?: AdaptiveRule
}

/** The state of `slot`, zeros in the shape of every parameter. */
export function zeroState(slot: string, parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [`${slot}.${name}`, zeros(shape)]))
}

/** Scalars are computed in double precision where there is one, because 1 − βᵗ loses digits, and used in single. */
export const single = (scalar: Sym): Sym => (scalar.type === 'float32' ? scalar : cast(scalar, 'float32'))

/** g + ωp: the gradient of a loss to which ½ω‖p‖² is added. */
export const withDecay = (gradient: Sym, parameter: Sym, weightDecay: number): Sym =>
  weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay))

/** Throws {@link ConfigurationError} unless 0 ≤ decay < 1. */
export function checkDecay(what: string, decay: number): void {
  if (!(decay >= 0 && decay < 1)) {
    throw new ConfigurationError(`${what} must be 0 or more and below 1; got ${decay}.`)
  }
}

/** Throws {@link ConfigurationError} unless `amount` is a finite number, 0 or more. */
export function checkAmount(what: string, amount: number): void {
  if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError(`${what} must be a finite number, 0 or more; got ${amount}.`)
  }
}
