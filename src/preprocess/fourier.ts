import { ConfigurationError } from '../tensor/errors.js'

/** The discrete Fourier transform of one length, in double precision. */
export interface Fourier {
  readonly length: number
  /** X[k] = Σₙ x[n] exp(−2πi kn / N), in place. */
  forward(real: Float64Array, imaginary: Float64Array): void
  /** x[n] = (1/N) Σₖ X[k] exp(2πi kn / N), in place. */
  inverse(real: Float64Array, imaginary: Float64Array): void
}

/** Prime factors above this go through Bluestein's convolution instead of a butterfly. */
const LARGEST_BUTTERFLY = 13

const plans = new Map<number, Fourier>()

/**
 * The transform of any length: Stockham's mixed radix where all prime factors are small, Bluestein's chirp otherwise; always
 * O(N log N). Plans are kept. Throws {@link ConfigurationError} unless `length` is a whole number ≥ 1.
 */
export function fourier(length: number): Fourier {
  if (!Number.isInteger(length) || length < 1) {
    throw new ConfigurationError(`A Fourier transform needs a whole length of 1 or more; got ${length}.`)
  }
  let plan = plans.get(length)
  if (plan === undefined) {
    const radices = factor(length)
    const forward = radices.every((radix) => radix <= LARGEST_BUTTERFLY) ? stockham(length, radices) : bluestein(length)
    plan = withInverse(length, forward)
    plans.set(length, plan)
  }
  return plan
}

type Forward = Fourier['forward']

/** Conjugation by swapping: the inverse is the forward transform of (imaginary, real), over N. */
function withInverse(length: number, forward: Forward): Fourier {
  return {
    length,
    forward,
    inverse(real, imaginary) {
      forward(imaginary, real)
      for (let i = 0; i < length; i++) {
        real[i] /= length
        imaginary[i] /= length
      }
    },
  }
}

/** The factors of a length, fours first (their butterfly is the cheapest), then primes. */
function factor(length: number): number[] {
  const factors: number[] = []
  let rest = length
  for (const radix of [4, 2, 3]) {
    while (rest % radix === 0) {
      factors.push(radix)
      rest /= radix
    }
  }
  for (let prime = 5; prime * prime <= rest; prime += 2) {
    while (rest % prime === 0) {
      factors.push(prime)
      rest /= prime
    }
  }
  if (rest > 1) factors.push(rest)
  return factors
}

/** cos and sin of −2πk/n for k = 0 … n − 1. */
function circle(n: number): { cos: Float64Array; sin: Float64Array } {
  const cos = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n))
  const sin = Float64Array.from({ length: n }, (_, k) => -Math.sin((2 * Math.PI * k) / n))
  return { cos, sin }
}

/**
 * Stockham's self-sorting transform. Before a stage, a[k·l + j] is frequency j of the length-l transform of x[k + t·N/l];
 * a stage of radix p joins the p sequences k + q·m into one of length l·p.
 */
function stockham(length: number, radices: readonly number[]): Forward {
  const { cos, sin } = circle(length)
  const spareReal = new Float64Array(length)
  const spareImaginary = new Float64Array(length)
  const inReal = new Float64Array(LARGEST_BUTTERFLY)
  const inImaginary = new Float64Array(LARGEST_BUTTERFLY)

  const stage = (
    l: number,
    p: number,
    ar: Float64Array,
    ai: Float64Array,
    br: Float64Array,
    bi: Float64Array,
  ): void => {
    const m = length / (l * p)
    const turn = length / p
    for (let k = 0; k < m; k++) {
      const base = k * l * p
      for (let j = 0; j < l; j++) {
        for (let q = 0; q < p; q++) {
          const from = (k + m * q) * l + j
          const at = q * j * m
          inReal[q] = ar[from] * cos[at] - ai[from] * sin[at]
          inImaginary[q] = ar[from] * sin[at] + ai[from] * cos[at]
        }
        const to = base + j
        if (p === 2) {
          br[to] = inReal[0] + inReal[1]
          bi[to] = inImaginary[0] + inImaginary[1]
          br[to + l] = inReal[0] - inReal[1]
          bi[to + l] = inImaginary[0] - inImaginary[1]
        } else if (p === 4) {
          const sumReal = inReal[0] + inReal[2]
          const sumImaginary = inImaginary[0] + inImaginary[2]
          const gapReal = inReal[0] - inReal[2]
          const gapImaginary = inImaginary[0] - inImaginary[2]
          const oddReal = inReal[1] + inReal[3]
          const oddImaginary = inImaginary[1] + inImaginary[3]
          const crossReal = inImaginary[1] - inImaginary[3]
          const crossImaginary = inReal[3] - inReal[1]
          br[to] = sumReal + oddReal
          bi[to] = sumImaginary + oddImaginary
          br[to + l] = gapReal + crossReal
          bi[to + l] = gapImaginary + crossImaginary
          br[to + 2 * l] = sumReal - oddReal
          bi[to + 2 * l] = sumImaginary - oddImaginary
          br[to + 3 * l] = gapReal - crossReal
          bi[to + 3 * l] = gapImaginary - crossImaginary
        } else {
          for (let r = 0; r < p; r++) {
            let real = 0
            let imaginary = 0
            for (let q = 0; q < p; q++) {
              const at = ((q * r) % p) * turn
              real += inReal[q] * cos[at] - inImaginary[q] * sin[at]
              imaginary += inReal[q] * sin[at] + inImaginary[q] * cos[at]
            }
            br[to + r * l] = real
            bi[to + r * l] = imaginary
          }
        }
      }
    }
  }

  return (real, imaginary) => {
    let [ar, ai, br, bi]: Float64Array[] = [real, imaginary, spareReal, spareImaginary]
    let l = 1
    for (const p of radices) {
      stage(l, p, ar, ai, br, bi)
      l *= p
      ;[ar, ai, br, bi] = [br, bi, ar, ai]
    }
    if (ar !== real) {
      real.set(ar)
      imaginary.set(ai)
    }
  }
}

/** Bluestein: kn = (k² + n² − (k−n)²)/2 turns the transform into a convolution with a chirp, done at a power of two. */
function bluestein(length: number): Forward {
  let padded = 1
  while (padded < 2 * length - 1) padded *= 2
  const inner = fourier(padded)
  // n² is reduced modulo 2N before the angle is formed, so that long transforms lose no digits.
  const chirpReal = new Float64Array(length)
  const chirpImaginary = new Float64Array(length)
  const kernelReal = new Float64Array(padded)
  const kernelImaginary = new Float64Array(padded)
  for (let n = 0; n < length; n++) {
    const angle = (Math.PI * ((n * n) % (2 * length))) / length
    chirpReal[n] = Math.cos(angle)
    chirpImaginary[n] = -Math.sin(angle)
    const mirrored = (padded - n) % padded
    kernelReal[n] = kernelReal[mirrored] = chirpReal[n]
    kernelImaginary[n] = kernelImaginary[mirrored] = -chirpImaginary[n]
  }
  inner.forward(kernelReal, kernelImaginary)
  const workReal = new Float64Array(padded)
  const workImaginary = new Float64Array(padded)

  return (real, imaginary) => {
    workReal.fill(0)
    workImaginary.fill(0)
    for (let n = 0; n < length; n++) {
      workReal[n] = real[n] * chirpReal[n] - imaginary[n] * chirpImaginary[n]
      workImaginary[n] = real[n] * chirpImaginary[n] + imaginary[n] * chirpReal[n]
    }
    inner.forward(workReal, workImaginary)
    for (let k = 0; k < padded; k++) {
      const re = workReal[k]
      const im = workImaginary[k]
      workReal[k] = re * kernelReal[k] - im * kernelImaginary[k]
      workImaginary[k] = re * kernelImaginary[k] + im * kernelReal[k]
    }
    inner.inverse(workReal, workImaginary)
    for (let k = 0; k < length; k++) {
      real[k] = workReal[k] * chirpReal[k] - workImaginary[k] * chirpImaginary[k]
      imaginary[k] = workReal[k] * chirpImaginary[k] + workImaginary[k] * chirpReal[k]
    }
  }
}
