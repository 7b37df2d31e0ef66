import type { KernelGeometry } from '../../inference/convolutional/geometry.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { PlacedCodes } from './placedCodes.js'

/** Numbers of code products that are kept at most: 1 GiB of doubles. */
const LARGEST = 1 << 27

/**
 * All that the sum over observations of ½‖Y − Σᵢ Kᵢ * Zᵢ‖² says of the kernels, up to a constant, for any number of observations:
 *
 *     Φ[k, l, Δ] = Σ_p Z_k(p) Z_l(p + Δ),  |Δ| < kernel size     Ψ[k, c, r] = Σ_p Z_k(p) Y_c(p + r)
 *
 * in double precision. Φ[l, k, −Δ] = Φ[k, l, Δ], so only the half with Δy > 0, or Δy = 0 and Δx ≥ 0, is stored. Y is the canvas of an
 * observation: every pixel that a kernel reaches, with what was not observed filled in (see `fillTarget`).
 */
export class ConvolutionalStatistics {
  /** [m, m, kh, 2kw − 1], the last axis from Δx = −(kw − 1) on. */
  readonly codeProducts: Float64Array
  /** [m, c, kh, kw] */
  readonly dataProducts: Float64Array
  /** Coefficients of each kernel. */
  readonly usage: Float64Array
  /** Width of a row of shifts, 2kw − 1, and numbers that a pair of kernels takes. */
  readonly span: number
  readonly block: number

  /** Throws {@link ConfigurationError} where the products of all pairs of kernels would not fit into memory. */
  constructor(readonly kernels: KernelGeometry) {
    const { count, height, width, channels } = kernels
    this.span = 2 * width - 1
    this.block = height * this.span
    if (count * count * this.block > LARGEST) {
      throw new ConfigurationError(
        `The statistics of ${count} kernels of ${height}×${width} need ${Math.round((count * count * this.block) / 2 ** 27)} GiB; use fewer or smaller kernels.`,
      )
    }
    this.codeProducts = new Float64Array(count * count * this.block)
    this.dataProducts = new Float64Array(count * channels * height * width)
    this.usage = new Float64Array(count)
  }

  /** Where Φ[k, l, Δ] lies. */
  indexOf(k: number, l: number, dy: number, dx: number): number {
    const upper = dy > 0 || (dy === 0 && dx >= 0)
    const { count, width } = this.kernels
    return upper
      ? (k * count + l) * this.block + dy * this.span + dx + width - 1
      : (l * count + k) * this.block - dy * this.span - dx + width - 1
  }

  /** Adds one observation: its code, and its canvas [c, H, W]. */
  add(codes: PlacedCodes, canvas: Float32Array): void {
    this.addCodeProducts(codes)
    this.addDataProducts(codes, canvas)
    const { usage } = this
    eachRow(codes, (_y, from, to) => {
      for (let a = from; a < to; a++) usage[codes.kernel[a]]++
    })
  }

  private addCodeProducts(codes: PlacedCodes): void {
    const { codeProducts, block, span } = this
    const { count, height, width: reach } = this.kernels
    const { starts, kernel, column, value, width, rows } = codes
    const centre = reach - 1
    // What of a partner's address does not depend on whose partner it is.
    const partner = new Int32Array(value.length)
    for (let b = 0; b < partner.length; b++) partner[b] = kernel[b] * block + column[b]
    eachRow(codes, (y, from, to) => {
      const lowest = Math.min(height - 1, rows - 1 - y)
      for (let a = from; a < to; a++) {
        const x = column[a]
        const v = value[a]
        const origin = kernel[a] * count * block + centre - x
        const first = Math.max(0, x - centre)
        const end = Math.min(width, x + reach)
        // The row itself from this position on: in a cell all pairs are met in both orders, as Δ = 0 needs.
        let stop = starts[y * width + end]
        for (let b = starts[y * width + x]; b < stop; b++) codeProducts[origin + partner[b]] += v * value[b]
        for (let dy = 1; dy <= lowest; dy++) {
          const row = (y + dy) * width
          const shift = origin + dy * span
          stop = starts[row + end]
          for (let b = starts[row + first]; b < stop; b++) codeProducts[shift + partner[b]] += v * value[b]
        }
      }
    })
  }

  private addDataProducts(codes: PlacedCodes, canvas: Float32Array): void {
    const { dataProducts } = this
    const { height, width, channels } = this.kernels
    const { kernel, column, value, left, place } = codes
    const { canvasHeight, canvasWidth } = place
    eachRow(codes, (y, from, to) => {
      for (let a = from; a < to; a++) {
        const v = value[a]
        let out = kernel[a] * channels * height * width
        for (let c = 0; c < channels; c++) {
          let row = (c * canvasHeight + y) * canvasWidth + column[a] - left
          for (let ry = 0; ry < height; ry++) {
            for (let rx = 0; rx < width; rx++) dataProducts[out + rx] += v * canvas[row + rx]
            out += width
            row += canvasWidth
          }
        }
      }
    })
  }

  /** Multiplies everything by `decay`: 1 keeps it, 0 begins anew. */
  forget(decay: number): void {
    for (const sums of [this.codeProducts, this.dataProducts, this.usage]) {
      if (decay === 0) sums.fill(0)
      else if (decay !== 1) for (let i = 0; i < sums.length; i++) sums[i] *= decay
    }
  }

  /** Forgets one kernel: as if its map had been 0 all along. */
  clear(kernel: number): void {
    const { count, channels, height, width } = this.kernels
    for (let l = 0; l < count; l++) {
      const own = (kernel * count + l) * this.block
      const others = (l * count + kernel) * this.block
      this.codeProducts.fill(0, own, own + this.block)
      this.codeProducts.fill(0, others, others + this.block)
    }
    const size = channels * height * width
    this.dataProducts.fill(0, kernel * size, (kernel + 1) * size)
    this.usage[kernel] = 0
  }
}

/** The coefficients of each row of the maps themselves, without their repetitions. */
function eachRow(
  { place, width, left, starts }: PlacedCodes,
  act: (y: number, from: number, to: number) => void,
): void {
  for (let y = 0; y < place.mapHeight; y++) {
    const row = y * width + left
    act(y, starts[row], starts[row + place.mapWidth])
  }
}
