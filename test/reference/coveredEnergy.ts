/** Slow twins of the energy of convolutional predictive sparse decomposition, straight from its definition, in double precision. */

export interface Covered {
  readonly lambda: number
  readonly beta: number
  /** Sizes: maps, channels, kernel's height and width, image's height and width. */
  readonly sizes: readonly [m: number, c: number, kh: number, kw: number, h: number, w: number]
  /** [m, c, kh, kw], [c, h, w], and codes [m, h − kh + 1, w − kw + 1]. */
  readonly kernels: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly guess: ArrayLike<number>
}

/** How many positions of a kernel cover a pixel, as a share of kh·kw: each position counted. */
export function slowCoverage([, , kh, kw, h, w]: Covered['sizes']): number[] {
  const weights = new Array<number>(h * w).fill(0)
  for (let y = 0; y + kh <= h; y++) {
    for (let x = 0; x + kw <= w; x++) {
      for (let i = 0; i < kh; i++) for (let j = 0; j < kw; j++) weights[(y + i) * w + x + j] += 1 / (kh * kw)
    }
  }
  return weights
}

/** ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − e‖². */
export function slowCoveredEnergy({ lambda, beta, sizes, kernels, y, guess }: Covered, z: ArrayLike<number>): number {
  const [m, c, kh, kw, h, w] = sizes
  const [rows, columns] = [h - kh + 1, w - kw + 1]
  const weights = slowCoverage(sizes)
  let energy = 0
  for (let channel = 0; channel < c; channel++) {
    for (let row = 0; row < h; row++) {
      for (let column = 0; column < w; column++) {
        let decoded = 0
        for (let map = 0; map < m; map++) {
          for (let i = 0; i < kh; i++) {
            for (let j = 0; j < kw; j++) {
              const [a, b] = [row - i, column - j]
              if (a < 0 || b < 0 || a >= rows || b >= columns) continue
              decoded += kernels[((map * c + channel) * kh + i) * kw + j] * z[(map * rows + a) * columns + b]
            }
          }
        }
        energy += 0.5 * weights[row * w + column] * (y[(channel * h + row) * w + column] - decoded) ** 2
      }
    }
  }
  for (let i = 0; i < z.length; i++) energy += lambda * Math.abs(z[i]) + 0.5 * beta * (z[i] - guess[i]) ** 2
  return energy
}
