/** One kernel against one window of a canvas. */
import { at4, Convolution, kernelBytes, PARTIAL } from './convolution'
import { promoteHigh, sumLanes } from './double'

@inline
function sum(x: v128): f32 {
  const halves = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
  return f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1)
}

/** ⟨K, window⟩ for the window that begins at address `at`, whose rows are `row` and whose planes are `plane` bytes apart. */
@inline
export function windowDot(c: Convolution, at: usize, row: usize, plane: usize, kernel: i32): f32 {
  const width = <usize>c.paddedWidth << 2
  const height = c.kernelHeight
  let k = c.kernels + <usize>kernel * kernelBytes(c)
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
  for (let channel = 0; channel < c.channels; channel++) {
    let r = at + <usize>channel * plane
    if (width == 32) {
      let y = 0
      for (; y + 2 <= height; y += 2) {
        s0 = f32x4.add(s0, f32x4.mul(v128.load(r), v128.load(k)))
        s1 = f32x4.add(s1, f32x4.mul(v128.load(r, 16), v128.load(k, 16)))
        r += row
        s2 = f32x4.add(s2, f32x4.mul(v128.load(r), v128.load(k, 32)))
        s3 = f32x4.add(s3, f32x4.mul(v128.load(r, 16), v128.load(k, 48)))
        r += row
        k += 64
      }
      if (y < height) {
        s0 = f32x4.add(s0, f32x4.mul(v128.load(r), v128.load(k)))
        s1 = f32x4.add(s1, f32x4.mul(v128.load(r, 16), v128.load(k, 16)))
        k += 32
      }
    } else if (width == 48) {
      for (let y = 0; y < height; y++) {
        s0 = f32x4.add(s0, f32x4.mul(v128.load(r), v128.load(k)))
        s1 = f32x4.add(s1, f32x4.mul(v128.load(r, 16), v128.load(k, 16)))
        s2 = f32x4.add(s2, f32x4.mul(v128.load(r, 32), v128.load(k, 32)))
        r += row
        k += 48
      }
    } else {
      for (let y = 0; y < height; y++) {
        let x: usize = 0
        for (; x + 64 <= width; x += 64) {
          s0 = f32x4.add(s0, f32x4.mul(v128.load(r + x), v128.load(k + x)))
          s1 = f32x4.add(s1, f32x4.mul(v128.load(r + x, 16), v128.load(k + x, 16)))
          s2 = f32x4.add(s2, f32x4.mul(v128.load(r + x, 32), v128.load(k + x, 32)))
          s3 = f32x4.add(s3, f32x4.mul(v128.load(r + x, 48), v128.load(k + x, 48)))
        }
        for (; x < width; x += 16) s0 = f32x4.add(s0, f32x4.mul(v128.load(r + x), v128.load(k + x)))
        r += row
        k += width
      }
    }
  }
  return sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)))
}

/** The same in double precision. */
export function windowDotExact(c: Convolution, planes: usize, corner: i32, kernel: i32): f64 {
  const row = <usize>c.stride << 2
  const width = <usize>c.paddedWidth << 2
  let k = c.kernels + <usize>kernel * kernelBytes(c)
  let s0 = f64x2.splat(0), s1 = s0
  for (let channel = 0; channel < c.channels; channel++) {
    let r = at4(planes, corner + channel * c.plane)
    for (let y = 0; y < c.kernelHeight; y++) {
      for (let x: usize = 0; x < width; x += 16) {
        const a = v128.load(r + x)
        const b = v128.load(k + x)
        s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)))
        s1 = f64x2.add(s1, f64x2.mul(promoteHigh(a), promoteHigh(b)))
      }
      r += row
      k += width
    }
  }
  return sumLanes(f64x2.add(s0, s1))
}

/** Subtracts δK from the window that begins at address `at`, whose rows are `row` and whose planes are `plane` bytes apart. */
@inline
export function subtractKernel(
  c: Convolution, at: usize, row: usize, plane: usize, kernel: i32, delta: f32,
): void {
  const width = <usize>c.paddedWidth << 2
  const height = c.kernelHeight
  const d = f32x4.splat(delta)
  let k = c.kernels + <usize>kernel * kernelBytes(c)
  for (let channel = 0; channel < c.channels; channel++) {
    let r = at + <usize>channel * plane
    if (width == 32) {
      for (let y = 0; y < height; y++) {
        v128.store(r, f32x4.sub(v128.load(r), f32x4.mul(d, v128.load(k))))
        v128.store(r, f32x4.sub(v128.load(r, 16), f32x4.mul(d, v128.load(k, 16))), 16)
        r += row
        k += 32
      }
    } else {
      for (let y = 0; y < height; y++) {
        for (let x: usize = 0; x < width; x += 16) {
          v128.store(r + x, f32x4.sub(v128.load(r + x), f32x4.mul(d, v128.load(k + x))))
        }
        r += row
        k += width
      }
    }
  }
}

/** r ← r − δK where part of the window at `corner` is missing, or repeated elsewhere on a circular canvas. */
function subtractPartial(c: Convolution, corner: i32, kernel: i32, delta: f32): void {
  if (c.circular == 0) {
    subtractMasked(c, corner, kernel, delta)
    return
  }
  const y = corner / c.stride
  const x = corner - y * c.stride
  for (let turnY = -1; turnY <= 1; turnY++) {
    const top = y + turnY * c.periodY
    if (top + c.kernelHeight <= 0 || top >= c.canvasHeight) continue
    for (let turnX = -1; turnX <= 1; turnX++) {
      const left = x + turnX * c.periodX
      if (left + c.kernelWidth <= 0 || left >= c.canvasWidth) continue
      subtractClipped(c, top, left, kernel, delta)
    }
  }
}

function subtractMasked(c: Convolution, corner: i32, kernel: i32, delta: f32): void {
  const d = f32x4.splat(delta)
  let k = c.kernels + <usize>kernel * kernelBytes(c)
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < c.kernelHeight; y++) {
      const place = corner + channel * c.plane + y * c.stride
      const r = at4(c.residual, place)
      const m = at4(c.mask, place)
      const width = <usize>c.paddedWidth << 2
      for (let x: usize = 0; x < width; x += 16) {
        const change = f32x4.mul(f32x4.mul(d, v128.load(k + x)), v128.load(m + x))
        v128.store(r + x, f32x4.sub(v128.load(r + x), change))
      }
      k += width
    }
  }
}

function subtractClipped(c: Convolution, top: i32, left: i32, kernel: i32, delta: f32): void {
  const fromY = max(0, -top)
  const toY = min(c.kernelHeight, c.canvasHeight - top)
  const fromX = max(0, -left)
  const toX = min(c.kernelWidth, c.canvasWidth - left)
  const start = c.kernels + <usize>kernel * kernelBytes(c)
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = fromY; y < toY; y++) {
      const k = at4(start, (channel * c.kernelHeight + y) * c.paddedWidth)
      const place = channel * c.plane + (top + y) * c.stride + left
      for (let x = fromX; x < toX; x++) {
        const r = at4(c.residual, place + x)
        let change = delta * load<f32>(at4(k, x))
        if (c.mask != 0) change *= load<f32>(at4(c.mask, place + x))
        store<f32>(r, load<f32>(r) - change)
      }
    }
  }
}

/** Takes δ times the kernel of an entry out of the residual. */
@inline
export function subtractEntry(c: Convolution, corner: i32, kernel: i32, delta: f32): void {
  if (kernel & PARTIAL) subtractPartial(c, corner, kernel & ~PARTIAL, delta)
  else subtractKernel(c, at4(c.residual, corner), <usize>c.stride << 2, <usize>c.plane << 2, kernel, delta)
}

/** ‖M ⊙ K‖² in the window at `corner`, negative where part of the window is missing. */
export function windowCurvature(c: Convolution, corner: i32, kernel: i32): f32 {
  const whole = load<f32>(at4(c.curvatures, kernel))
  if (c.mask == 0) return whole
  let k = c.kernels + <usize>kernel * kernelBytes(c)
  let total: f64 = 0
  let missing = false
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < c.kernelHeight; y++) {
      const m = at4(c.mask, corner + channel * c.plane + y * c.stride)
      for (let x = 0; x < c.kernelWidth; x++) {
        const value = <f64>load<f32>(at4(k, x))
        if (load<f32>(at4(m, x)) != 0) total += value * value
        else missing = true
      }
      k += <usize>c.paddedWidth << 2
    }
  }
  return missing ? -(<f32>total) : whole
}

/** Whether part of the window at (y, x) is repeated elsewhere on a circular canvas. */
@inline
export function isRepeated(c: Convolution, y: i32, x: i32): bool {
  if (c.circular == 0) return false
  return (
    y < c.kernelHeight - 1 || y + c.kernelHeight > c.periodY || x < c.kernelWidth - 1 || x + c.kernelWidth > c.periodX
  )
}
