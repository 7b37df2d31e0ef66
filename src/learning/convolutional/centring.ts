import type { ConvolutionalStatistics } from './statistics.js'

/** How far a kernel's energy may lie from where it should, in pixels down and right. */
export interface Shift {
  readonly dy: number
  readonly dx: number
}

interface KernelShape {
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** The share of a kernel's energy that centring may cut off. */
const LOSS = 0.01

/**
 * How far the centroid of the energy of a planar kernel [c, kh, kw] lies from the kernel's middle, in whole pixels; less where moving
 * it there would cut off more than 1 % of its energy, and undefined where nothing is to be moved.
 */
export function drift(kernel: Float64Array, shape: KernelShape): Shift | undefined {
  const { height, width } = shape
  const [rows, columns] = [new Float64Array(height), new Float64Array(width)]
  let total = 0
  for (let i = 0; i < kernel.length; i++) {
    const energy = kernel[i] ** 2
    rows[Math.floor(i / width) % height] += energy
    columns[i % width] += energy
    total += energy
  }
  if (!(total > 0)) return undefined
  const dy = allowed(rows, total)
  const dx = allowed(columns, total)
  return dy === 0 && dx === 0 ? undefined : { dy, dx }
}

/** The shift along one axis, given its energies. */
function allowed(energies: Float64Array, total: number): number {
  let moment = 0
  for (let i = 0; i < energies.length; i++) moment += i * energies[i]
  const wanted = Math.round(moment / total - (energies.length - 1) / 2)
  const sign = Math.sign(wanted)
  let cut = 0
  for (let shift = 0; shift < Math.abs(wanted); shift++) {
    cut += energies[sign > 0 ? shift : energies.length - 1 - shift]
    if (cut > LOSS * total) return sign * shift
  }
  return wanted
}

/** K(r) ← K(r + shift), zeros where nothing comes in, and back to unit norm. */
export function shiftKernel(kernel: Float64Array, { dy, dx }: Shift, shape: KernelShape): void {
  const { height, width, channels } = shape
  const from = kernel.slice()
  let squares = 0
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const inside = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width
        const value = inside ? from[(c * height + y + dy) * width + x + dx] : 0
        kernel[(c * height + y) * width + x] = value
        squares += value * value
      }
    }
  }
  const scale = 1 / Math.sqrt(squares)
  for (let i = 0; i < kernel.length; i++) kernel[i] *= scale
}

/**
 * The statistics after kernel `k` of `kernels` (planar, already shifted) has been moved by `shift` and its map the other way, so that
 * K_k * Z_k is the same: Φ[k, l, Δ] ← Φ[k, l, Δ + shift], Ψ[k, r] ← Ψ[k, r + shift]. What comes in from beyond the window was never
 * summed: products of codes are taken as 0 there, and Ψ as what the present reconstruction gives.
 */
export function shiftStatistics(
  statistics: ConvolutionalStatistics,
  kernels: Float64Array,
  k: number,
  shift: Shift,
): void {
  const { codeProducts, dataProducts, kernels: shape } = statistics
  const { count, height, width, channels } = shape
  const { dy, dx } = shift
  const within = (y: number, x: number): boolean => Math.abs(y) < height && Math.abs(x) < width
  for (let l = 0; l < count; l++) {
    if (l === k) continue
    const before = new Float64Array((2 * height - 1) * (2 * width - 1))
    let at = 0
    for (let y = 1 - height; y < height; y++) {
      for (let x = 1 - width; x < width; x++) {
        before[at++] = within(y + dy, x + dx) ? codeProducts[statistics.indexOf(k, l, y + dy, x + dx)] : 0
      }
    }
    at = 0
    for (let y = 1 - height; y < height; y++) {
      for (let x = 1 - width; x < width; x++) {
        codeProducts[statistics.indexOf(k, l, y, x)] = before[at]
        // Products at Δ = 0 are stored for both orders.
        if (y === 0 && x === 0) codeProducts[statistics.indexOf(l, k, 0, 0)] = before[at]
        at++
      }
    }
  }
  const size = channels * height * width
  const data = dataProducts.slice(k * size, (k + 1) * size)
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const inside = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width
        dataProducts[k * size + (c * height + y) * width + x] = inside
          ? data[(c * height + y + dy) * width + x + dx]
          : reconstructed(statistics, kernels, k, c, y, x)
      }
    }
  }
}

/** Σ_l Σ_s Φ[k, l, r − s] K_l(s): what Ψ[k, c, r] would be if the data were the reconstruction. */
function reconstructed(
  statistics: ConvolutionalStatistics,
  kernels: Float64Array,
  k: number,
  c: number,
  y: number,
  x: number,
): number {
  const { count, height, width, channels } = statistics.kernels
  let sum = 0
  for (let l = 0; l < count; l++) {
    for (let sy = 0; sy < height; sy++) {
      for (let sx = 0; sx < width; sx++) {
        const value = kernels[((l * channels + c) * height + sy) * width + sx]
        sum += statistics.codeProducts[statistics.indexOf(k, l, y - sy, x - sx)] * value
      }
    }
  }
  return sum
}
