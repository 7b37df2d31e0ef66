import { type Dimension, formatDimensions } from '../graph/shapes.js'
import type { Sym } from '../graph/sym.js'
import { ConfigurationError, ShapeError } from '../tensor/errors.js'
import { type Rng, rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkedParameters } from './checkedParameters.js'

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Tensor>>

/** Their shapes, by name. */
export type ParameterShapes = Readonly<Record<string, readonly number[]>>

/** The same as symbolic tensors: what graphs are built from. */
export type SymParameters = Readonly<Record<string, Sym>>

/** A value that `config.json` can hold. */
export type Setting = number | string | boolean | null | readonly Setting[] | { readonly [name: string]: Setting }

/** A module as `config.json` holds it: its kind, and what that kind needs. */
export interface ModuleConfig {
  readonly kind: string
  readonly [setting: string]: Setting
}

/** A module that is a plane in its last input: value = weight·last + offset. */
export interface AffineForm {
  /** [size of the output, size of the last input] */
  readonly weight: Sym
  /** [n, size of the output] or [size of the output]; absent: 0. */
  readonly offset?: Sym
}

/**
 * A differentiable part with parameters: Pred(x), Dec(h, z) or Enc(y, h). Inputs and output are batches, [n, …shape]; no
 * row may enter another row's output.
 */
export interface Module {
  readonly kind: string
  /** The shape of the output, without the batch. */
  readonly outputShape: readonly number[]
  /** First parameters; names may hold dots. */
  init(random: Rng): Parameters
  /** What `init` gives, without its numbers; where absent, `init` tells. */
  shapes?(): ParameterShapes
  apply(parameters: SymParameters, ...inputs: Sym[]): Sym
  /** Present where the module is affine in its last input; for it there are faster and certified ways to infer codes. */
  affine?(parameters: SymParameters, ...others: Sym[]): AffineForm
  /** Parameters with what each number of the last input contributes (its column, its kernel) brought to norm 1. */
  normalized?(parameters: SymParameters, lastSize: number): SymParameters
  /** A plain object from which `restoreModule` makes the same module. */
  describe(): ModuleConfig
}

/** What {@link defineModule} takes. */
export interface ModuleDefinition {
  /** What messages and run folders call it. */
  readonly name: string
  /** The shape of the output, without the batch. */
  readonly outputShape: readonly number[]
  /** First parameters; none by default. */
  init?(random: Rng): Parameters
  /** The output [n, …outputShape] from inputs [n, …]: (z) or (h, z) for a decoder, (x) for a predictor, (y) or (y, h) for an encoder. */
  apply(parameters: SymParameters, ...inputs: Sym[]): Sym
}

/**
 * A module from your own functions over symbolic tensors. A run folder keeps its parameters and its name, not its code: whoever
 * loads the run gives the definition again. `apply` may throw {@link ShapeError} when a graph is built from it.
 */
export function defineModule(definition: ModuleDefinition): Module {
  const { name, outputShape } = definition
  if (typeof name !== 'string' || name === '') {
    throw new ConfigurationError(`A module needs a name, a text that is not empty; got ${JSON.stringify(name)}.`)
  }
  return {
    kind: 'own',
    outputShape: [...outputShape],
    init: (random) => checkedParameters(name, definition.init?.(random) ?? {}),
    apply: (parameters, ...inputs) => definition.apply(parameters, ...inputs),
    describe: () => ({ kind: 'own', name, outputShape: [...outputShape] }),
  }
}

/** The shapes of a module's parameters, without their numbers where the module can tell. */
export function parameterShapes(module: Module): ParameterShapes {
  return module.shapes?.() ?? shapesOf(module.init(rng(0)))
}

/** The shapes of tensors, by name. */
export function shapesOf(tensors: Readonly<Record<string, { readonly shape: readonly number[] }>>): ParameterShapes {
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))
}

/** What messages call a part of an energy: its kind, or the name, quoted, of one that is your own. */
export function partName(part: { readonly kind: string; describe(): object }): string {
  if (part.kind !== 'own') return part.kind
  const { name } = part.describe() as { name?: unknown } // what is your own has been asked for a name
  return JSON.stringify(name)
}

/**
 * The output of a module, checked: a symbolic tensor of shape [n, …outputShape]. Throws {@link ShapeError} with the module's
 * name and both shapes where it is of another rank, lost the batch or has other sizes.
 */
export function applyModule(what: string, module: Module, parameters: SymParameters, ...inputs: Sym[]): Sym {
  const output: unknown = module.apply(parameters, ...inputs)
  const name = module.kind === 'own' ? `${what} ${partName(module)}` : `${what} (${partName(module)})`
  const wanted: readonly Dimension[] = ['n', ...module.outputShape]
  if (!isSym(output)) {
    throw new ShapeError(
      `The ${name} returned ${output === null ? 'null' : typeof output}; it must return a symbolic tensor of shape [${formatDimensions(wanted)}].`,
    )
  }
  return checkedOutput(`The ${name}`, output, wanted)
}

/**
 * Gives a part of an energy back. Throws {@link ConfigurationError} unless it is an object with the functions named; `example` says
 * what would be.
 */
export function checkedPart<T>(what: string, part: T, functions: readonly string[], example: string): T {
  const lacking = functions.find(
    (name) => typeof (part as Record<string, unknown> | undefined | null)?.[name] !== 'function',
  )
  if (lacking === undefined && typeof part === 'object') return part
  const given =
    typeof part === 'string'
      ? `"${part}"`
      : typeof part === 'object' && part
        ? `an object without ${lacking}`
        : describeValue(part)
  throw new ConfigurationError(`The ${what} must be one made by the library, such as ${example}; got ${given}.`)
}

/** Gives options back. Throws {@link ConfigurationError} unless they are an object. */
export function checkedOptions<T>(what: string, options: T, example: string): T {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options
  throw new ConfigurationError(`${what} takes an object of options, such as ${example}; got ${describeValue(options)}.`)
}

const describeValue = (value: unknown): string =>
  typeof value === 'function'
    ? 'a function'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object' && value
        ? 'an object'
        : String(value)

/** Gives a symbolic tensor back. Throws {@link ShapeError} with both shapes unless it has the shape `wanted`. */
export function checkedOutput(what: string, output: Sym, wanted: readonly Dimension[]): Sym {
  if (!isSym(output)) {
    throw new ShapeError(
      `${what} returned ${describeValue(output)}; it must return a symbolic tensor of shape [${formatDimensions(wanted)}].`,
    )
  }
  const { shape } = output
  if (shape.length === wanted.length && shape.every((size, axis) => size === wanted[axis])) return output
  const given = `returned the shape [${formatDimensions(shape)}]; [${formatDimensions(wanted)}] is expected`
  if (shape[0] !== 'n') {
    throw new ShapeError(
      `${what} ${given}. Its first axis must stay the batch n: reduce and reshape over the other axes only.`,
    )
  }
  throw new ShapeError(`${what} ${given}. Change what it returns, or the shape that it states.`)
}

/** Whether a value is a symbolic tensor. */
export function isSym(value: unknown): value is Sym {
  return typeof value === 'object' && value !== null && 'node' in value && 'shape' in value
}

/** Parameters whose names begin with `prefix` and a dot, under the rest of their names. */
export function scoped<T>(parameters: Readonly<Record<string, T>>, prefix: string): Readonly<Record<string, T>> {
  const begin = `${prefix}.`
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) =>
      name.startsWith(begin) ? [[name.slice(begin.length), value]] : [],
    ),
  )
}

/** Parameters under names that begin with `prefix` and a dot. */
export function prefixed<T>(parameters: Readonly<Record<string, T>>, prefix: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`${prefix}.${name}`, value]))
}
