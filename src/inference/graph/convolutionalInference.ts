import {
  abs,
  add,
  constant,
  conv,
  convTranspose,
  div,
  matmul,
  maxOver,
  mul,
  neg,
  reshape,
  type Sym,
  shrink,
  square,
  sub,
  sumPerObservation,
} from '../../graph/index.js'
import type { Tensor } from '../../tensor/tensor.js'

/**
 * The energy of convolutional predictive sparse decomposition,
 *
 *     E(y, z) = ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − Enc(y)‖²,
 *
 * of images y [n, c, h, w] with kernels D [m, c, kh, kw] wholly inside, so that z is [n, m, h − kh + 1, w − kw + 1].
 */
export interface CoveredEnergy {
  readonly lambda: number
  /** β ≥ 0; 0: there is no encoder's term. */
  readonly beta: number
  /** w, [1, 1, h, w]; see {@link coverage}. */
  readonly weights: Tensor
}

/** The terms of {@link CoveredEnergy}, one number an observation each, [n]. */
export interface CoveredTerms {
  readonly cost: Sym
  readonly regularizer: Sym
  readonly encoder: Sym | undefined
}

/**
 * How many kernels of kh × kw cover each pixel of an image of h × w, as a share of the most there can be: wₚ = (positions of a kernel
 * over p) / (kh·kw), 1 where an image reaches far enough on all sides. [1, 1, h, w]
 */
export function coverage([height, width]: readonly number[], [kernelHeight, kernelWidth]: readonly number[]): Tensor {
  const along = (size: number, kernel: number) =>
    Float64Array.from({ length: size }, (_, p) => Math.min(p, size - kernel) - Math.max(p - kernel + 1, 0) + 1)
  const rows = along(height, kernelHeight)
  const columns = along(width, kernelWidth)
  const data = new Float32Array(height * width)
  for (let i = 0; i < data.length; i++) {
    data[i] = (rows[Math.floor(i / width)] * columns[i % width]) / (kernelHeight * kernelWidth)
  }
  return { shape: [1, 1, height, width], data }
}

/** The terms of E at codes z; `guess` is Enc(y), needed where β is above 0. */
export function coveredTerms(
  { lambda, beta, weights }: CoveredEnergy,
  kernels: Sym,
  { y, z, guess }: { readonly y: Sym; readonly z: Sym; readonly guess?: Sym | undefined },
): CoveredTerms {
  const missed = sub(y, convTranspose(z, kernels))
  return {
    cost: mul(0.5, sumPerObservation(mul(constant(weights), square(missed)))),
    regularizer: mul(lambda, sumPerObservation(abs(z))),
    encoder: guess && beta > 0 ? mul(0.5 * beta, sumPerObservation(square(sub(z, guess)))) : undefined,
  }
}

/** Samples of a spectrum along an axis, for each entry of a kernel but one. */
const OVERSAMPLING = 8

/**
 * An upper bound of the largest eigenvalue of z ↦ Σᵢ Dᵢ * zᵢ composed with its adjoint: the largest value over frequencies of
 * Σᵢ,c |D̂ᵢc|². That is a trigonometric polynomial of degree k − 1 along each axis, which exceeds the largest of N equidistant samples by at
 * most 1 / cos(π(k − 1) / N) (Ehlich and Zeller 1964). A scalar; the bound is tight to 17 % for one channel.
 */
export function spectralBound(kernels: Sym): Sym {
  const [maps, channels, height, width] = kernels.shape as number[]
  const flat = reshape(kernels, [1, maps * channels, height, width])
  const lags = [2 * height - 1, 2 * width - 1]
  const products = conv(flat, flat, { padding: [height - 1, width - 1] })
  const samples = [height, width].map((size) => Math.max(1, OVERSAMPLING * (size - 1)))
  const largest = maxOver(matmul(reshape(products, [1, lags[0] * lags[1]]), constant(cosines(lags, samples))))
  const excess = [height, width].reduce(
    (product, size, axis) => product * Math.cos((Math.PI * (size - 1)) / samples[axis]),
    1,
  )
  return reshape(mul(largest, 1 / excess), [])
}

/** cos(2π(Δy·f/N + Δx·g/M)) over lags Δ and frequencies (f, g); the other half of the frequencies has the same values. */
function cosines([lagRows, lagColumns]: readonly number[], [rows, columns]: readonly number[]): Tensor {
  const half = Math.floor(columns / 2) + 1
  const data = new Float32Array(lagRows * lagColumns * rows * half)
  let at = 0
  for (let y = 0; y < lagRows; y++) {
    for (let x = 0; x < lagColumns; x++) {
      for (let f = 0; f < rows; f++) {
        const along = ((y - (lagRows >> 1)) * f) / rows
        for (let g = 0; g < half; g++) {
          data[at++] = Math.cos(2 * Math.PI * (along + ((x - (lagColumns >> 1)) * g) / columns))
        }
      }
    }
  }
  return { shape: [lagRows * lagColumns, rows * half], data }
}

/**
 * Codes after `steps` steps of FISTA on {@link CoveredEnergy} from `start`, with step 1 / (bound + β) and w ≤ 1:
 *
 *     z⁺ = shrink(v − s(β(v − e) − D ⋆ (w ∘ (y − D * v))), sλ),   v = z⁺ + μ(z⁺ − z)
 *
 * D * v is taken as (1 + μ) D * z⁺ − μ D * z, which saves a pass over the maps.
 * Source: Beck and Teboulle 2009.
 */
export function coveredCodes(
  { lambda, beta, weights }: CoveredEnergy,
  kernels: Sym,
  given: { readonly y: Sym; readonly guess?: Sym | undefined; readonly start: Sym },
  steps: number,
): Sym {
  const { y, guess, start } = given
  const w = constant(weights)
  const step = div(1, add(spectralBound(kernels), beta))
  const scaled = mul(kernels, step)
  const pulled = guess && beta > 0
  const kept = pulled ? sub(1, mul(step, beta)) : undefined
  const pull = pulled ? mul(guess, mul(step, beta)) : undefined
  const threshold = mul(step, lambda)
  let [before, z] = [start, start]
  let [decodedBefore, decoded] = [convTranspose(start, kernels), convTranspose(start, kernels)]
  let t = 1
  let momentum = 0
  for (let i = 0; i < steps; i++) {
    const ahead = (now: Sym, then: Sym, scale?: Sym): Sym => {
      if (momentum === 0) return scale ? mul(now, scale) : now
      const [a, b] = [1 + momentum, -momentum].map((factor) => (scale ? mul(scale, factor) : factor))
      return add(mul(now, a), mul(then, b))
    }
    const missed = mul(w, sub(y, ahead(decoded, decodedBefore)))
    const moved = add(ahead(z, before, kept), conv(missed, scaled))
    ;[before, z] = [z, shrink(pull ? add(moved, pull) : moved, threshold)]
    if (i === steps - 1) break
    ;[decodedBefore, decoded] = [decoded, convTranspose(z, kernels)]
    const next = (1 + Math.sqrt(1 + 4 * t * t)) / 2
    momentum = (t - 1) / next
    t = next
  }
  return z
}

/** −∇f at z, the smooth part of {@link CoveredEnergy}: D ⋆ (w ∘ (y − D * z)) − β(z − e). What tests of optimality need. */
export function coveredDescent(
  { beta, weights }: CoveredEnergy,
  kernels: Sym,
  { y, z, guess }: { readonly y: Sym; readonly z: Sym; readonly guess?: Sym | undefined },
): Sym {
  const down = conv(mul(constant(weights), sub(y, convTranspose(z, kernels))), kernels)
  return guess && beta > 0 ? add(down, mul(neg(sub(z, guess)), beta)) : down
}
