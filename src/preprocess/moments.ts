import type { Tensor } from '../tensor/tensor.js'

/**
 * Mean and covariance of a stream, accumulated in double precision. Sums run about the first observation, which
 * takes most of a common offset away before it can cost digits.
 */
export class Moments {
  count = 0
  readonly #width: number
  readonly #covariances: boolean
  readonly #origin: Float64Array
  readonly #sum: Float64Array
  /** Upper triangle of Σ(x − o)(x − o)ᵀ, or its diagonal only. */
  readonly #products: Float64Array

  constructor(width: number, options: { readonly covariances: boolean }) {
    this.#width = width
    this.#covariances = options.covariances
    this.#origin = new Float64Array(width)
    this.#sum = new Float64Array(width)
    this.#products = new Float64Array(options.covariances ? width * width : width)
  }

  /** Adds a batch of rows. */
  add(batch: Tensor): void {
    const d = this.#width
    const rows = batch.shape[0]
    if (this.count === 0 && rows > 0) this.#origin.set(batch.data.subarray(0, d))
    this.count += rows
    // Four observations at a time: the triangle, which outgrows the cache, is read and written once for the four.
    const block = new Float64Array(4 * d)
    for (let begin = 0; begin < rows; begin += 4) {
      block.fill(0)
      const inBlock = Math.min(4, rows - begin)
      for (let r = 0; r < inBlock; r++) {
        for (let i = 0; i < d; i++) {
          const value = batch.data[(begin + r) * d + i] - this.#origin[i]
          block[r * d + i] = value
          this.#sum[i] += value
        }
      }
      if (this.#covariances) this.#addProducts(block)
      else this.#addSquares(block)
    }
  }

  #addProducts(block: Float64Array): void {
    const d = this.#width
    const products = this.#products
    for (let i = 0; i < d; i++) {
      const a = block[i]
      const b = block[d + i]
      const c = block[2 * d + i]
      const e = block[3 * d + i]
      const row = i * d
      for (let j = i; j < d; j++) {
        products[row + j] += a * block[j] + b * block[d + j] + c * block[2 * d + j] + e * block[3 * d + j]
      }
    }
  }

  #addSquares(block: Float64Array): void {
    const d = this.#width
    for (let i = 0; i < block.length; i++) this.#products[i % d] += block[i] * block[i]
  }

  /** [width] */
  mean(): Float64Array {
    return this.#sum.map((sum, i) => this.#origin[i] + sum / this.count)
  }

  /** The variance of each feature about its own mean (over n, not n − 1). */
  variances(): Float64Array {
    const stride = this.#covariances ? this.#width + 1 : 1
    return this.#sum.map((sum, i) => Math.max(0, this.#products[i * stride] / this.count - (sum / this.count) ** 2))
  }

  /** The covariance [width, width] (over n, not n − 1). */
  covariance(): Float64Array {
    const d = this.#width
    const out = new Float64Array(d * d)
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) {
        const mean = (this.#sum[i] / this.count) * (this.#sum[j] / this.count)
        out[i * d + j] = out[j * d + i] = this.#products[i * d + j] / this.count - mean
      }
    }
    return out
  }
}
