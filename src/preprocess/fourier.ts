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
interface Turns {
  readonly cos: Float64Array
  readonly sin: Float64Array
}

function circle(n: number): Turns {
  const cos = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n))
  const sin = Float64Array.from({ length: n }, (_, k) => -Math.sin((2 * Math.PI * k) / n))
  return { cos, sin }
}

/**
 * Stockham's self-sorting transform. Before a stage, a[k·l + j] is frequency j of the length-l transform of x[k + t·N/l];
 * a stage of radix p joins the p sequences k + q·m into one of length l·p.
 */
function stockham(length: number, radices: readonly number[]): Forward {
  const turns = circle(length)
  const spare: Complex = { real: new Float64Array(length), imaginary: new Float64Array(length) }
  return (real, imaginary) => {
    let from: Complex = { real, imaginary }
    let to = spare
    let l = 1
    for (const p of radices) {
      const stage = p === 4 ? stageOfFour : stageOfAny
      stage(from, to, { l, p, m: length / (l * p), turns })
      l *= p
      ;[from, to] = [to, from]
    }
    if (from === spare) {
      real.set(spare.real)
      imaginary.set(spare.imaginary)
    }
  }
}

interface Complex {
  readonly real: Float64Array
  readonly imaginary: Float64Array
}

interface Stage {
  readonly l: number
  readonly p: number
  readonly m: number
  readonly turns: Turns
}

function stageOfAny(from: Complex, to: Complex, { l, p, m, turns }: Stage): void {
  const { cos, sin } = turns
  const turn = cos.length / p
  const real = new Float64Array(p)
  const imaginary = new Float64Array(p)
  for (let j = 0; j < l; j++) {
    for (let k = 0; k < m; k++) {
      for (let q = 0; q < p; q++) {
        const at = (k + m * q) * l + j
        const c = cos[q * j * m]
        const s = sin[q * j * m]
        real[q] = from.real[at] * c - from.imaginary[at] * s
        imaginary[q] = from.real[at] * s + from.imaginary[at] * c
      }
      for (let r = 0; r < p; r++) {
        let sumReal = 0
        let sumImaginary = 0
        for (let q = 0; q < p; q++) {
          const angle = ((q * r) % p) * turn
          sumReal += real[q] * cos[angle] - imaginary[q] * sin[angle]
          sumImaginary += real[q] * sin[angle] + imaginary[q] * cos[angle]
        }
        to.real[k * l * p + j + r * l] = sumReal
        to.imaginary[k * l * p + j + r * l] = sumImaginary
      }
    }
  }
}

/** Written out: most lengths are mostly fours. */
function stageOfFour(from: Complex, to: Complex, { l, m, turns }: Stage): void {
  const { real, imaginary } = from
  const quarter = m * l
  for (let j = 0; j < l; j++) {
    const [c1, s1] = [turns.cos[j * m], turns.sin[j * m]]
    const [c2, s2] = [turns.cos[2 * j * m], turns.sin[2 * j * m]]
    const [c3, s3] = [turns.cos[3 * j * m], turns.sin[3 * j * m]]
    for (let k = 0; k < m; k++) {
      const at = k * l + j
      const r0 = real[at]
      const i0 = imaginary[at]
      const r1 = real[at + quarter] * c1 - imaginary[at + quarter] * s1
      const i1 = real[at + quarter] * s1 + imaginary[at + quarter] * c1
      const r2 = real[at + 2 * quarter] * c2 - imaginary[at + 2 * quarter] * s2
      const i2 = real[at + 2 * quarter] * s2 + imaginary[at + 2 * quarter] * c2
      const r3 = real[at + 3 * quarter] * c3 - imaginary[at + 3 * quarter] * s3
      const i3 = real[at + 3 * quarter] * s3 + imaginary[at + 3 * quarter] * c3
      const out = 4 * k * l + j
      to.real[out] = r0 + r2 + (r1 + r3)
      to.imaginary[out] = i0 + i2 + (i1 + i3)
      to.real[out + l] = r0 - r2 + (i1 - i3)
      to.imaginary[out + l] = i0 - i2 - (r1 - r3)
      to.real[out + 2 * l] = r0 + r2 - (r1 + r3)
      to.imaginary[out + 2 * l] = i0 + i2 - (i1 + i3)
      to.real[out + 3 * l] = r0 - r2 - (i1 - i3)
      to.imaginary[out + 3 * l] = i0 - i2 + (r1 - r3)
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
