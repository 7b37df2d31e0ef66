/** Correlations of a residual with kernels: five kernels at eight neighbouring positions fill the registers and spill none. */
import { at4, Convolution } from './convolution'

/** Kernels taken together. */
export const TOGETHER: i32 = 5
/** Positions taken together. */
export const POSITIONS: i32 = 8

@inline
function levelOf(c: Convolution, correlation: v128, scale: v128): v128 {
  const level = f32x4.mul(correlation, scale)
  return c.nonNegative ? level : f32x4.abs(level)
}

/**
 * Levels |⟨Kₖ, window⟩| / (λ wₖ) for kernels 5·group … 5·group + 4 at the eight positions from `corner` on. Their maxima over the
 * kernels go to `most` (f32 [8]); where one exceeds `near`, all go to `out` (f32 [5, 8]). Returns one bit a position: whether it does.
 * Sums run over channels, rows and columns in this order.
 */
export function correlateGroup(c: Convolution, group: i32, corner: i32, near: f32, most: usize, out: usize): i32 {
  const taps = c.channels * c.kernelHeight * c.kernelWidth
  let k = c.panels + <usize>(group * taps) * (<usize>TOGETHER << 2)
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00
  const run = <usize>c.kernelWidth << 2
  const even = run & ~7
  for (let channel = 0; channel < c.channels; channel++) {
    let row = at4(c.residual, corner + channel * c.plane)
    for (let y = 0; y < c.kernelHeight; y++) {
      let r = row
      const end = row + even
      while (r < end) {
        let b0 = v128.load(r)
        let b1 = v128.load(r, 16)
        let a = v128.load32_splat(k)
        c00 = f32x4.add(c00, f32x4.mul(a, b0))
        c01 = f32x4.add(c01, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 4)
        c10 = f32x4.add(c10, f32x4.mul(a, b0))
        c11 = f32x4.add(c11, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 8)
        c20 = f32x4.add(c20, f32x4.mul(a, b0))
        c21 = f32x4.add(c21, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 12)
        c30 = f32x4.add(c30, f32x4.mul(a, b0))
        c31 = f32x4.add(c31, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 16)
        c40 = f32x4.add(c40, f32x4.mul(a, b0))
        c41 = f32x4.add(c41, f32x4.mul(a, b1))
        b0 = v128.load(r, 4)
        b1 = v128.load(r, 20)
        a = v128.load32_splat(k, 20)
        c00 = f32x4.add(c00, f32x4.mul(a, b0))
        c01 = f32x4.add(c01, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 24)
        c10 = f32x4.add(c10, f32x4.mul(a, b0))
        c11 = f32x4.add(c11, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 28)
        c20 = f32x4.add(c20, f32x4.mul(a, b0))
        c21 = f32x4.add(c21, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 32)
        c30 = f32x4.add(c30, f32x4.mul(a, b0))
        c31 = f32x4.add(c31, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 36)
        c40 = f32x4.add(c40, f32x4.mul(a, b0))
        c41 = f32x4.add(c41, f32x4.mul(a, b1))
        r += 8
        k += 40
      }
      if (run != even) {
        const b0 = v128.load(r)
        const b1 = v128.load(r, 16)
        let a = v128.load32_splat(k)
        c00 = f32x4.add(c00, f32x4.mul(a, b0))
        c01 = f32x4.add(c01, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 4)
        c10 = f32x4.add(c10, f32x4.mul(a, b0))
        c11 = f32x4.add(c11, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 8)
        c20 = f32x4.add(c20, f32x4.mul(a, b0))
        c21 = f32x4.add(c21, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 12)
        c30 = f32x4.add(c30, f32x4.mul(a, b0))
        c31 = f32x4.add(c31, f32x4.mul(a, b1))
        a = v128.load32_splat(k, 16)
        c40 = f32x4.add(c40, f32x4.mul(a, b0))
        c41 = f32x4.add(c41, f32x4.mul(a, b1))
        k += 20
      }
      row += <usize>c.stride << 2
    }
  }
  const scales = at4(c.scales, group * TOGETHER)
  let scale = v128.load32_splat(scales)
  c00 = levelOf(c, c00, scale)
  c01 = levelOf(c, c01, scale)
  scale = v128.load32_splat(scales, 4)
  c10 = levelOf(c, c10, scale)
  c11 = levelOf(c, c11, scale)
  scale = v128.load32_splat(scales, 8)
  c20 = levelOf(c, c20, scale)
  c21 = levelOf(c, c21, scale)
  scale = v128.load32_splat(scales, 12)
  c30 = levelOf(c, c30, scale)
  c31 = levelOf(c, c31, scale)
  scale = v128.load32_splat(scales, 16)
  c40 = levelOf(c, c40, scale)
  c41 = levelOf(c, c41, scale)
  if (c.positionScales != 0) {
    const plane = <usize>c.weightPlane << 2
    let at = at4(c.positionScales, group * TOGETHER * c.weightPlane + corner)
    c00 = f32x4.mul(c00, v128.load(at))
    c01 = f32x4.mul(c01, v128.load(at, 16))
    at += plane
    c10 = f32x4.mul(c10, v128.load(at))
    c11 = f32x4.mul(c11, v128.load(at, 16))
    at += plane
    c20 = f32x4.mul(c20, v128.load(at))
    c21 = f32x4.mul(c21, v128.load(at, 16))
    at += plane
    c30 = f32x4.mul(c30, v128.load(at))
    c31 = f32x4.mul(c31, v128.load(at, 16))
    at += plane
    c40 = f32x4.mul(c40, v128.load(at))
    c41 = f32x4.mul(c41, v128.load(at, 16))
  }
  const low = f32x4.max(f32x4.max(f32x4.max(c00, c10), f32x4.max(c20, c30)), c40)
  const high = f32x4.max(f32x4.max(f32x4.max(c01, c11), f32x4.max(c21, c31)), c41)
  v128.store(most, low)
  v128.store(most, high, 16)
  const limit = f32x4.splat(near)
  const found = i32x4.bitmask(f32x4.gt(low, limit)) | (i32x4.bitmask(f32x4.gt(high, limit)) << 4)
  if (found == 0) return 0
  v128.store(out, c00)
  v128.store(out, c01, 16)
  v128.store(out, c10, 32)
  v128.store(out, c11, 48)
  v128.store(out, c20, 64)
  v128.store(out, c21, 80)
  v128.store(out, c30, 96)
  v128.store(out, c31, 112)
  v128.store(out, c40, 128)
  v128.store(out, c41, 144)
  return found
}
