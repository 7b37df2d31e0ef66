/**
 * Conjugate gradients on a tile's support: with signs s held, the energy in the active coefficients is the quadratic
 *
 *     ½‖r − Kd‖² + λ Σ s d,
 *
 * whose minimizer coordinate descent approaches slowly where neighbouring coefficients overlap. A coefficient that would change
 * its sign becomes zero; a step that does not lower the energy is halved, and taken back at last.
 */
import { aligned } from './addresses'
import {
  at4, Convolution, entryAt, PARTIAL, thresholdOf, Tile,
  tileAt, tileHeight, tileLeft, tileTop, tileWidth,
} from './convolution'
import { subtractEntry, subtractKernel, windowDot } from './convolutionWindow'
import { promoteHigh, sumLanes } from './double'

/** Share of the first squared gradient at which the steps end. */
const ENOUGH: f64 = 1e-4
/** Share of the largest ‖K‖² below which single precision cannot tell a direction's curvature from none. */
const FLAT: f64 = 1e-5
const HALVINGS: i32 = 3

/** The active coefficients of a tile and vectors over them, and the plane that kernels are added up in. */
@unmanaged
class Support {
  count: i32
  top: i32
  left: i32
  height: i32
  width: i32
  /** Bytes a row and a plane. */
  row: usize
  plane: usize
  /** f32 [channels, height, row] */
  planes: usize
  /** i32: the entries, their kernels, and where in `planes` their windows begin (bytes). */
  entries: usize
  kernels: usize
  places: usize
  /** f32: start, step, gradient, direction, its image under KᵀK. */
  start: usize
  step: usize
  gradient: usize
  direction: usize
  image: usize
}

export function refineBytes(c: Convolution, tileHeight: i32, tileWidth: i32, entries: i32): usize {
  return layOut(c, 0, 0, 0, tileHeight, tileWidth, entries)
}

function layOut(
  c: Convolution, scratch: usize, top: i32, left: i32, tileHeight: i32, tileWidth: i32, entries: i32,
): usize {
  const height = tileHeight + c.kernelHeight - 1
  const width = (tileWidth + c.paddedWidth + 3) & ~3
  const planes = scratch + 128
  const vector = aligned(<usize>(entries + 4) << 2)
  const vectors = planes + aligned(<usize>(c.channels * height * width + 16) << 2)
  if (scratch != 0) {
    const support = changetype<Support>(scratch)
    support.top = top
    support.left = left
    support.height = height
    support.width = width
    support.row = <usize>width << 2
    support.plane = <usize>(height * width) << 2
    support.planes = planes
    support.entries = vectors
    support.kernels = vectors + vector
    support.places = vectors + 2 * vector
    support.start = vectors + 3 * vector
    support.step = vectors + 4 * vector
    support.gradient = vectors + 5 * vector
    support.direction = vectors + 6 * vector
    support.image = vectors + 7 * vector
  }
  return vectors + 8 * vector - scratch
}

/** Refines a tile; returns what came off the energy. */
export function refine(c: Convolution, index: i32, scratch: usize): f64 {
  const tile = tileAt(c, index)
  layOut(c, scratch, tileTop(c, index), tileLeft(c, index), tileHeight(c, index), tileWidth(c, index), tile.count)
  const support = changetype<Support>(scratch)
  gather(c, tile, support)
  if (support.count == 0) return 0
  conjugateGradients(c, support)
  return take(c, tile, support)
}

/** Lists the active coefficients with the negative gradient of the energy. */
function gather(c: Convolution, tile: Tile, support: Support): void {
  let count = 0
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    if (entry.value == 0 || !(entry.curvature > 0)) continue
    const kernel = entry.kernel & ~PARTIAL
    const pull = windowDot(c, at4(c.residual, entry.corner), <usize>c.stride << 2, <usize>c.plane << 2, kernel)
    const threshold = <f32>thresholdOf(c, entry.corner, kernel)
    const gradient = entry.value > 0 ? pull - threshold : pull + threshold
    const y = entry.corner / c.stride
    const x = entry.corner - y * c.stride
    store<i32>(at4(support.entries, count), i)
    store<i32>(at4(support.places, count), ((y - support.top) * support.width + x - support.left) << 2)
    store<f32>(at4(support.start, count), entry.value)
    store<f32>(at4(support.step, count), 0)
    store<f32>(at4(support.gradient, count), gradient)
    store<f32>(at4(support.direction, count), gradient)
    store<i32>(at4(support.kernels, count), kernel)
    count++
  }
  for (let i = count; i < count + 3; i++) {
    store<f32>(at4(support.gradient, i), 0)
    store<f32>(at4(support.direction, i), 0)
    store<f32>(at4(support.image, i), 0)
  }
  support.count = count
}

function conjugateGradients(c: Convolution, support: Support): void {
  const count = support.count
  let steepest: f32 = 0
  for (let i = 0; i < count; i++) {
    steepest = max(steepest, load<f32>(at4(c.curvatures, load<i32>(at4(support.kernels, i)))))
  }
  const flat = FLAT * <f64>steepest
  let left = product(support.gradient, support.gradient, count)
  const enough = ENOUGH * left
  for (let step = 0; step < c.refinements && left > enough; step++) {
    applyGram(c, support)
    const bend = product(support.direction, support.image, count)
    if (!(bend > flat * product(support.direction, support.direction, count))) return
    const length = <f32>(left / bend)
    addScaled(support.step, length, support.direction, count)
    addScaled(support.gradient, -length, support.image, count)
    const remaining = product(support.gradient, support.gradient, count)
    const turn = f32x4.splat(<f32>(remaining / left))
    left = remaining
    for (let i = 0; i < count; i += 4) {
      const at = at4(support.direction, i)
      v128.store(at, f32x4.add(v128.load(at4(support.gradient, i)), f32x4.mul(turn, v128.load(at))))
    }
  }
}

/** image ← KᵀM K direction on the support, M the mask. */
function applyGram(c: Convolution, support: Support): void {
  memory.fill(support.planes, 0, support.plane * <usize>c.channels)
  for (let i = 0; i < support.count; i++) {
    const at = support.planes + <usize>load<i32>(at4(support.places, i))
    const factor = -load<f32>(at4(support.direction, i))
    subtractKernel(c, at, support.row, support.plane, load<i32>(at4(support.kernels, i)), factor)
  }
  if (c.circular) wrap(c, support)
  if (c.mask != 0) cover(c, support)
  for (let i = 0; i < support.count; i++) {
    const at = support.planes + <usize>load<i32>(at4(support.places, i))
    const value = windowDot(c, at, support.row, support.plane, load<i32>(at4(support.kernels, i)))
    store<f32>(at4(support.image, i), value)
  }
}

/** Adds up what repeats, along axes that one tile covers: there its windows come round to themselves. */
function wrap(c: Convolution, support: Support): void {
  for (let channel = 0; channel < c.channels; channel++) {
    const plane = support.planes + <usize>channel * support.plane
    for (let y = 0; c.tilesX == 1 && y < support.height; y++) {
      const row = plane + <usize>y * support.row
      addBoth(row, at4(row, c.periodX), c.kernelWidth - 1)
    }
    for (let y = c.periodY; c.tilesY == 1 && y < support.height; y++) {
      addBoth(plane + <usize>(y - c.periodY) * support.row, plane + <usize>y * support.row, support.width)
    }
  }
}

@inline
function addBoth(a: usize, b: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const sum = load<f32>(at4(a, i)) + load<f32>(at4(b, i))
    store<f32>(at4(a, i), sum)
    store<f32>(at4(b, i), sum)
  }
}

/** Zeroes what is missing. */
function cover(c: Convolution, support: Support): void {
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < support.height; y++) {
      const mask = at4(c.mask, channel * c.plane + (support.top + y) * c.stride + support.left)
      const row = support.planes + <usize>channel * support.plane + <usize>y * support.row
      for (let x: usize = 0; x < support.row; x += 16) {
        v128.store(row + x, f32x4.mul(v128.load(row + x), v128.load(mask + x)))
      }
    }
  }
}

/** Takes the step, as far as signs allow and the energy falls. */
function take(c: Convolution, tile: Tile, support: Support): f64 {
  const before = energyHere(c, tile, support)
  let length: f32 = 1
  for (let halving = 0; halving <= HALVINGS; halving++) {
    moveTo(c, tile, support, halving < HALVINGS ? length : 0)
    const decrease = before - energyHere(c, tile, support)
    if (decrease >= 0 || halving == HALVINGS) return max(0, decrease)
    length *= 0.5
  }
  return 0
}

/** Moves the coefficients to start + length · step, or to zero where that has another sign. */
function moveTo(c: Convolution, tile: Tile, support: Support, length: f32): void {
  for (let i = 0; i < support.count; i++) {
    const entry = entryAt(tile, load<i32>(at4(support.entries, i)))
    const start = load<f32>(at4(support.start, i))
    let value = start + length * load<f32>(at4(support.step, i))
    if (value * start < 0) value = 0
    const delta = value - entry.value
    if (delta == 0) continue
    entry.value = value
    subtractEntry(c, entry.corner, entry.kernel, delta)
  }
}

/** The energy of the tile's coefficients and of the canvas that they reach; what repeats there counts once. */
function energyHere(c: Convolution, tile: Tile, support: Support): f64 {
  const height = c.circular && c.tilesY == 1 ? c.periodY : support.height
  const width = c.circular && c.tilesX == 1 ? c.periodX : support.width - 4
  const whole = width & ~3
  let squares: f64 = 0
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < height; y++) {
      const row = at4(c.residual, channel * c.plane + (support.top + y) * c.stride + support.left)
      let sums = f32x4.splat(0)
      for (let x = 0; x < whole; x += 4) {
        const r = v128.load(at4(row, x))
        sums = f32x4.add(sums, f32x4.mul(r, r))
      }
      for (let x = whole; x < width; x++) {
        const r = <f64>load<f32>(at4(row, x))
        squares += r * r
      }
      squares += <f64>(f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1))
      squares += <f64>(f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3))
    }
  }
  let penalty: f64 = 0
  for (let i = 0; i < support.count; i++) {
    const entry = entryAt(tile, load<i32>(at4(support.entries, i)))
    penalty += <f64>abs(entry.value) * thresholdOf(c, entry.corner, entry.kernel & ~PARTIAL)
  }
  return 0.5 * squares + penalty
}

/** aᵀb; what lies beyond `count` up to a multiple of 4 is zero. */
function product(a: usize, b: usize, count: i32): f64 {
  let low = f64x2.splat(0), high = low
  for (let i = 0; i < count; i += 4) {
    const p = f32x4.mul(v128.load(at4(a, i)), v128.load(at4(b, i)))
    low = f64x2.add(low, f64x2.promote_low_f32x4(p))
    high = f64x2.add(high, promoteHigh(p))
  }
  return sumLanes(f64x2.add(low, high))
}

/** y ← y + αx */
function addScaled(y: usize, alpha: f32, x: usize, count: i32): void {
  const a = f32x4.splat(alpha)
  for (let i = 0; i < count; i += 4) {
    v128.store(at4(y, i), f32x4.add(v128.load(at4(y, i)), f32x4.mul(a, v128.load(at4(x, i)))))
  }
}
