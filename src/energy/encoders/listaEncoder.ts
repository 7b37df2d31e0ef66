import { linear, maximum, type Sym, shrink } from '../../graph/index.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { SymParameters } from '../module.js'
import { filled, normalTensor } from '../modules/inputs.js'
import { type Encoder, encoder, type IstaStep } from './encoder.js'

export interface ListaEncoderOptions {
  /** Numbers in an observation, m. */
  readonly inputs: number
  /** Numbers in a code, k. */
  readonly outputs: number
  /** K ≥ 0: how often S is applied after the first guess z₀ = shrink(Wₑy, θ), which is what K = 0 gives. */
  readonly steps: number
  /** Whether all steps share Wₑ, S and θ; they do by default. Untied, the guess and each step have their own. */
  readonly tied?: boolean
}

const FIRST_THRESHOLD = 0.1
const MOST_STEPS = 1000

/**
 * LISTA (Gregor and LeCun 2010): z₀ = shrink(Wₑy, θ), and K times z ← shrink(Wₑy + Sz, θ). With Wₑ = Wᵀ/L, S = I − WᵀW/L and
 * θ = λ/L (see `start`) that is ISTA: K steps from its first iterate, K + 1 from 0. Parameters: `weight` [k, m], `inhibition`
 * [k, k] (S; none for K = 0) and `threshold` [k] ≥ 0; untied the same for the guess and each step, under `0.` to `K.`.
 */
export function listaEncoder(options: ListaEncoderOptions): Encoder {
  const { inputs, outputs, steps, tied = true } = options
  if (!Number.isInteger(steps) || steps < 0 || steps > MOST_STEPS) {
    throw new ConfigurationError(`steps must be a whole number from 0 to ${MOST_STEPS}; got ${steps}.`)
  }
  const untiedLayers = Array.from({ length: steps + 1 }, (_, layer) => layer)

  const laidOut = <T>({
    weight,
    inhibition,
    threshold,
  }: Readonly<Record<keyof IstaStep, T>>): Readonly<Record<string, T>> => {
    if (tied) return steps === 0 ? { weight, threshold } : { weight, inhibition, threshold }
    return Object.fromEntries(
      untiedLayers.flatMap((layer) => [
        [`${layer}.weight`, weight],
        ...(layer === 0 ? [] : [[`${layer}.inhibition`, inhibition]]),
        [`${layer}.threshold`, threshold],
      ]),
    )
  }

  /** The tied form multiplies by Wₑ once; adding Wₑy to Sz is part of the product. */
  const tiedCode = ({ weight, inhibition, threshold }: SymParameters, y: Sym): Sym => {
    const drive = linear(y, weight)
    let z = shrink(drive, threshold)
    for (let step = 0; step < steps; step++) z = shrink(linear(z, inhibition, drive), threshold)
    return z
  }

  const untiedCode = (parameters: SymParameters, y: Sym): Sym => {
    let z: Sym | undefined
    for (const layer of untiedLayers) {
      const drive = linear(y, parameters[`${layer}.weight`])
      const moved = z ? linear(z, parameters[`${layer}.inhibition`], drive) : drive
      z = shrink(moved, parameters[`${layer}.threshold`])
    }
    return z as Sym // there is always the layer of the first guess
  }

  return encoder(options, {
    kind: 'lista',
    settings: { steps, tied },
    shapes: () => laidOut({ weight: [outputs, inputs], inhibition: [outputs, outputs], threshold: [outputs] }),
    init: (random) =>
      laidOut({
        weight: normalTensor(random, [outputs, inputs], 1 / Math.sqrt(inputs)),
        inhibition: filled([outputs, outputs], 0),
        threshold: filled([outputs], FIRST_THRESHOLD),
      }),
    start: laidOut,
    code: tied ? tiedCode : untiedCode,
    constrain: (parameters) =>
      Object.fromEntries(
        Object.entries(parameters)
          .filter(([name]) => name.endsWith('threshold'))
          .map(([name, threshold]) => [name, maximum(threshold, 0)]),
      ),
  })
}
