import { type LatentVariableEnergy, observationInputs } from '../../energy/latentVariableEnergy.js'
import type { Parameters, SymParameters } from '../../energy/module.js'
import { cast, constant, equal, expand, input, loop, type Sym, sum } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import { energyGraph, isQuadratic, quadraticCertificate } from './certify.js'
import type { EncodeSettings } from './encodeSettings.js'
import { proximalGraphs } from './proximalGradient.js'
import { quadraticGraphs } from './quadratic.js'
import { type Lookup, type Outputs, RowStatus } from './solverGraphs.js'

/** Steps between two looks at what has converged. */
const BLOCK = 10

/** Parameters as constants of a graph. */
function constants(parameters: Parameters): SymParameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, constant(tensor)]))
}

/** ȳ from the inputs `z` [n, k] and `x`: the output `y`. */
export function decoderGraph(energy: LatentVariableEnergy, parameters: Parameters): Outputs {
  const symbols = constants(parameters)
  const h = energy.context(symbols, observationInputs(energy).x)
  return { y: energy.cost.mean(energy.decode(symbols, h, input('z', ['n', energy.codeSize]))) }
}

/** Enc(y, h) from the inputs `y` and `x`: the output `z` [n, k]. Throws {@link ConfigurationError} where there is no encoder. */
export function encoderGraph(energy: LatentVariableEnergy, parameters: Parameters): Outputs {
  const symbols = constants(parameters)
  const { x, y } = observationInputs(energy)
  const z = energy.encode(symbols, y, energy.context(symbols, x))
  if (!z) throw new ConfigurationError('This energy has no encoder to export; export its inference instead.')
  return { z }
}

/**
 * Inference from the inputs `y` and `x` to a tolerance, or for as many steps as there may be, which with a tolerance of 0 are all
 * taken: the outputs `z` [n, k], `energy` and `status` [n, 1] ({@link RowStatus}; 1 is converged), and `gap` [n, 1] where the energy
 * has one.
 */
export function inferenceGraph(
  energy: LatentVariableEnergy,
  parameters: Parameters,
  { solver, tolerance, maxSteps }: Pick<EncodeSettings, 'solver' | 'tolerance' | 'maxSteps'>,
): Outputs {
  const symbols = constants(parameters)
  const { x, y } = observationInputs(energy)
  const certified = isQuadratic(energy) && solver === 'proximal-gradient'
  const { prepare, begin, advance } = certified
    ? quadraticGraphs(energy, symbols)
    : proximalGraphs(energy, symbols, solver)
  const start = energy.encode(symbols, y, energy.context(symbols, x)) ?? expand(constant(0), ['n', energy.codeSize], y)
  const first = begin(within({ ...prepare, start, y, ...(x ? { x } : {}) }))
  const around = { ...prepare, ...first, tolerance: constant(tolerance), y, ...(x ? { x } : {}) }
  /** The state after some steps more. */
  const after = (state: Outputs, steps: number): Outputs =>
    advance(within({ ...around, ...state, steps: constant(steps, 'int64') }))
  // The steps that fill no block come first, so that the loop need not count.
  const begun = after({}, maxSteps % BLOCK)
  const changing = Object.keys(begun)
  const last = loop({
    state: changing.map((name) => (maxSteps % BLOCK === 0 ? first : begun)[name]),
    maxSteps: Math.floor(maxSteps / BLOCK),
    body(state) {
      const next = after(Object.fromEntries(changing.map((name, i) => [name, state[i]])), BLOCK)
      const active = sum(cast(equal(next.status, RowStatus.active), 'float32'))
      return { state: changing.map((name) => next[name]), keepGoing: cast(active, 'bool') }
    },
  })
  const found = Object.fromEntries(changing.map((name, i) => [name, last[i]]))
  return { z: found.z, status: found.status, ...about(energy, symbols, found.z, certified) }
}

/** What is said of the codes that are found. */
function about(energy: LatentVariableEnergy, symbols: SymParameters, z: Sym, certified: boolean): Outputs {
  return certified ? quadraticCertificate(energy, symbols, z) : { energy: energyGraph(energy, symbols, z) }
}

/** Tensors by name, where they have been made. */
function within(table: Outputs): Lookup {
  return (name) => {
    const found = table[name]
    if (!found) throw new Error(`A graph asks for "${name}", which nothing makes.`) // a fault of the solver
    return found
  }
}
