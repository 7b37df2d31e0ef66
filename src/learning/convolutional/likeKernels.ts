/** Two kernels and how alike they are. */
export interface KernelPair {
  readonly k: number
  readonly l: number
  readonly cosine: number
}

/**
 * Pairs of planar unit-norm kernels [m, c, kh, kw] that are alike up to a shift, the most alike first: those whose largest
 * cross-correlation max_Δ |Σ_r K_k(r) K_l(r − Δ)| lies above `least`. Where codes are non-negative, a kernel and its negative are two
 * (`signed`).
 */
export function likeKernels(
  kernels: Float64Array,
  shape: { readonly count: number; readonly height: number; readonly width: number; readonly channels: number },
  least: number,
  signed: boolean,
): KernelPair[] {
  const pairs: KernelPair[] = []
  for (let k = 0; k < shape.count; k++) {
    for (let l = k + 1; l < shape.count; l++) {
      const cosine = largestCorrelation(kernels, shape, k, l, signed)
      if (cosine > least) pairs.push({ k, l, cosine })
    }
  }
  return pairs.sort((a, b) => b.cosine - a.cosine || a.k - b.k || a.l - b.l)
}

function largestCorrelation(
  kernels: Float64Array,
  { height, width, channels }: { height: number; width: number; channels: number },
  k: number,
  l: number,
  signed: boolean,
): number {
  const area = height * width
  const size = channels * area
  let largest = 0
  for (let dy = 1 - height; dy < height; dy++) {
    const [firstRow, lastRow] = [Math.max(0, dy), Math.min(height, height + dy)]
    for (let dx = 1 - width; dx < width; dx++) {
      const [first, last] = [Math.max(0, dx), Math.min(width, width + dx)]
      let sum = 0
      for (let c = 0; c < channels; c++) {
        const one = k * size + c * area
        const other = l * size + c * area - dy * width - dx
        for (let y = firstRow; y < lastRow; y++) {
          for (let at = y * width + first; at < y * width + last; at++) sum += kernels[one + at] * kernels[other + at]
        }
      }
      largest = Math.max(largest, signed ? sum : Math.abs(sum))
    }
  }
  return largest
}
