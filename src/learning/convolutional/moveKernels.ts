import type { ConvolutionalStatistics } from './statistics.js'

export interface MoveOptions {
  /** Visits of each kernel. */
  readonly sweeps: number
  /** Whether kernels are kept ≥ 0. */
  readonly nonNegative: boolean
}

/** Steps within one visit of a kernel, at most; and the squared change below which it is done. */
const STEPS = 20
const SETTLED = 1e-12
/** Φ[k, k, 0] at or below which a kernel stays where it is. */
const LEAST_USE = 1e-10

/**
 * Block coordinate descent: each kernel in turn is moved, the others held, to lower
 *
 *     Q(K) = ½ Σ_kl Σ_Δ Φ[k, l, Δ] Σ_r K_k(r) K_l(r − Δ) − Σ_k ⟨Ψ_k, K_k⟩
 *
 * on the unit sphere (and ≥ 0). In one kernel Q is ½xᵀTx − bᵀx with a Toeplitz matrix T; with L ≥ ‖T‖ the step
 * x ← P(Lx + b − Tx), P onto the set, minimizes a majorizer there, so Q never rises. Kernels are planar, [m, c, kh, kw], and are
 * changed in place. Returns by how much Q fell.
 * Source: Mairal, Bach, Ponce and Sapiro (2010), algorithm 2, for shifts; the majorizer as in Lange, Hunter and Yang (2000).
 */
export function moveKernels(kernels: Float64Array, statistics: ConvolutionalStatistics, options: MoveOptions): number {
  const { count, height, width, channels } = statistics.kernels
  const size = channels * height * width
  const shifts = (2 * height - 1) * (2 * width - 1)
  const products = new Float64Array(count * shifts)
  const own = new Float64Array(shifts)
  const linear = new Float64Array(size)
  const product = new Float64Array(size)
  const candidate = new Float64Array(size)
  let fall = 0
  for (let sweep = 0; sweep < options.sweeps; sweep++) {
    for (let k = 0; k < count; k++) {
      if (!(statistics.codeProducts[statistics.indexOf(k, k, 0, 0)] > LEAST_USE)) continue
      gather(statistics, k, products)
      own.set(products.subarray(k * shifts, (k + 1) * shifts))
      products.fill(0, k * shifts, (k + 1) * shifts)
      linear.set(statistics.dataProducts.subarray(k * size, (k + 1) * size))
      for (let l = 0; l < count; l++) {
        if (l === k) continue
        subtractProduct(products, l * shifts, kernels, l * size, statistics.kernels, linear)
      }
      fall += moveOne(
        kernels.subarray(k * size, (k + 1) * size),
        own,
        linear,
        statistics.kernels,
        options.nonNegative,
        product,
        candidate,
      )
    }
  }
  return fall
}

/** Q(K), a slow check of what {@link moveKernels} lowers. */
export function surrogate(kernels: Float64Array, statistics: ConvolutionalStatistics): number {
  const { count, height, width, channels } = statistics.kernels
  const size = channels * height * width
  const shifts = (2 * height - 1) * (2 * width - 1)
  const products = new Float64Array(count * shifts)
  let value = 0
  for (let k = 0; k < count; k++) {
    gather(statistics, k, products)
    const gradient = new Float64Array(size)
    for (let l = 0; l < count; l++) {
      subtractProduct(products, l * shifts, kernels, l * size, statistics.kernels, gradient)
    }
    for (let i = 0; i < size; i++) {
      value -= (statistics.dataProducts[k * size + i] + 0.5 * gradient[i]) * kernels[k * size + i]
    }
  }
  return value
}

/** Φ[k, l, Δ] for all l and both halves of Δ, [m, 2kh − 1, 2kw − 1]. */
function gather(statistics: ConvolutionalStatistics, k: number, out: Float64Array): void {
  const { codeProducts, span, block } = statistics
  const { count, height, width } = statistics.kernels
  const centre = (height - 1) * span + width - 1
  for (let l = 0; l < count; l++) {
    const own = (k * count + l) * block
    const others = (l * count + k) * block
    const middle = l * (2 * height - 1) * span + centre
    for (let dy = 0; dy < height; dy++) {
      for (let dx = dy === 0 ? 0 : 1 - width; dx < width; dx++) {
        const at = dy * span + dx + width - 1
        out[middle + dy * span + dx] = codeProducts[own + at]
        out[middle - dy * span - dx] = codeProducts[others + at]
      }
    }
  }
}

/** out(r) −= Σ_s Φ(r − s) K(s) in every channel, for Φ at `from` of `products` and K at `at` of `kernels`. */
function subtractProduct(
  products: Float64Array,
  from: number,
  kernels: Float64Array,
  at: number,
  { height, width, channels }: { height: number; width: number; channels: number },
  out: Float64Array,
): void {
  const span = 2 * width - 1
  for (let c = 0; c < channels; c++) {
    const plane = c * height * width
    for (let ry = 0; ry < height; ry++) {
      for (let sy = 0; sy < height; sy++) {
        const row = from + (ry - sy + height - 1) * span + width - 1
        const source = at + plane + sy * width
        subtractRow(products, row, kernels, source, out, plane + ry * width, width)
      }
    }
  }
}

/** out(x) −= Σ_s products(x − s) kernels(s) for a row of `width`; four outputs at a time share what they read. */
function subtractRow(
  products: Float64Array,
  row: number,
  kernels: Float64Array,
  source: number,
  out: Float64Array,
  to: number,
  width: number,
): void {
  let x = 0
  for (; x + 4 <= width; x += 4) {
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let p1 = products[row + x + 1]
    let p2 = products[row + x + 2]
    let p3 = products[row + x + 3]
    for (let s = 0; s < width; s++) {
      const p0 = products[row + x - s]
      const value = kernels[source + s]
      a += p0 * value
      b += p1 * value
      c += p2 * value
      d += p3 * value
      p3 = p2
      p2 = p1
      p1 = p0
    }
    out[to + x] -= a
    out[to + x + 1] -= b
    out[to + x + 2] -= c
    out[to + x + 3] -= d
  }
  for (; x < width; x++) {
    let sum = 0
    for (let s = 0; s < width; s++) sum += products[row + x - s] * kernels[source + s]
    out[to + x] -= sum
  }
}

/** Moves one kernel under ½xᵀTx − bᵀx; how far that fell. */
function moveOne(
  kernel: Float64Array,
  own: Float64Array,
  linear: Float64Array,
  shape: { height: number; width: number; channels: number },
  nonNegative: boolean,
  product: Float64Array,
  candidate: Float64Array,
): number {
  const size = kernel.length
  const bound = normBound(own, shape)
  const minusProduct = (x: Float64Array): void => {
    product.fill(0)
    subtractProduct(own, 0, x, 0, shape, product)
  }
  const value = (x: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < size; i++) sum -= (0.5 * product[i] + linear[i]) * x[i]
    return sum
  }
  minusProduct(kernel)
  const first = value(kernel)
  let best = first
  for (let step = 0; step < STEPS; step++) {
    for (let i = 0; i < size; i++) candidate[i] = bound * kernel[i] + linear[i] + product[i]
    if (!project(candidate, nonNegative)) break
    minusProduct(candidate)
    const reached = value(candidate)
    // Only rounding can make it rise.
    if (!(reached < best)) break
    let change = 0
    for (let i = 0; i < size; i++) change += (candidate[i] - kernel[i]) ** 2
    kernel.set(candidate)
    best = reached
    if (change < SETTLED) break
  }
  return first - best
}

/** A bound of the norm of the symmetric Toeplitz matrix: its largest row sum of |Φ|. */
function normBound(own: Float64Array, { height, width }: { height: number; width: number }): number {
  const span = 2 * width - 1
  let largest = 0
  for (let ry = 0; ry < height; ry++) {
    for (let rx = 0; rx < width; rx++) {
      let sum = 0
      for (let sy = 0; sy < height; sy++) {
        const row = (ry - sy + height - 1) * span + rx + width - 1
        for (let sx = 0; sx < width; sx++) sum += Math.abs(own[row - sx])
      }
      largest = Math.max(largest, sum)
    }
  }
  return largest
}

/** Onto the unit sphere (and ≥ 0), in place; false where every point there is as near. */
export function project(x: Float64Array, nonNegative: boolean): boolean {
  let largest = 0
  for (let i = 1; i < x.length; i++) if (x[i] > x[largest]) largest = i
  if (nonNegative) {
    if (!(x[largest] > 0)) {
      if (!(x[largest] < 0)) return false
      x.fill(0)
      x[largest] = 1
      return true
    }
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0
  }
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += x[i] * x[i]
  const scale = 1 / Math.sqrt(squares)
  if (!Number.isFinite(scale) || scale === 0) return false
  for (let i = 0; i < x.length; i++) x[i] *= scale
  return true
}
