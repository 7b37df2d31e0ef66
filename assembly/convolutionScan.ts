/**
 * A scan of a tile: all correlations of its positions with all kernels, except where a bound proves that none can matter. It
 * measures the largest one, which certifies, and admits the largest of each position to the working set.
 */
import { aligned, at8 } from './addresses'
import {
  at4, Convolution, Entry, entryAt, neighbour, PARTIAL, thresholdOf, Tile,
  tileAt, tileHeight, tileLeft, tileTop, tileWidth,
} from './convolution'
import { correlateGroup, POSITIONS, TOGETHER } from './convolutionCorrelate'
import { isRepeated, windowCurvature, windowDotExact } from './convolutionWindow'

/** Rounding of the bounds' own sums. */
const INFLATION: f32 = 1.00001

/** A scan's working memory, and the tile that it is about. */
@unmanaged
class Scan {
  top: i32
  left: i32
  height: i32
  width: i32
  /** One bit a coefficient of the tile: whether it is in the working set; `wordsAcross` words of 32 bits a position. */
  members: usize
  wordsAcross: i32
  /** The best coefficient of each position: f32 level (0: none), i32 kernel. */
  best: usize
  /** f32 [5, 8] */
  correlations: usize
  /** f32 by column: sums over the window's rows of the residual's change; then over whole windows. */
  columns: usize
  windows: usize
  level: f64
  tile: usize
  /** The largest violation of optimality in the working set and of what joins it. */
  unrest: f64
}

const SCAN_BYTES: usize = 128

/** Bytes that a scan of the largest tile needs. */
export function scanBytes(c: Convolution, tileHeight: i32, tileWidth: i32): usize {
  return layOut(c, 0, tileHeight, tileWidth, 0, 0)
}

/** Lays the working memory out over `scratch` (0: only counts); returns its end. */
function layOut(c: Convolution, scratch: usize, height: i32, width: i32, top: i32, left: i32): usize {
  const words = (c.k + 31) >> 5
  const members = scratch + aligned(SCAN_BYTES)
  const best = members + aligned(<usize>(height * width * words) << 2)
  const correlations = best + aligned(<usize>(height * width) << 3)
  const columns = correlations + 192
  const windows = columns + aligned(<usize>(width + c.kernelWidth + 16) << 2)
  const end = windows + aligned(<usize>(width + 16) << 2)
  if (scratch != 0) {
    const scan = changetype<Scan>(scratch)
    scan.top = top
    scan.left = left
    scan.height = height
    scan.width = width
    scan.members = members
    scan.wordsAcross = words
    scan.best = best
    scan.correlations = correlations
    scan.columns = columns
    scan.windows = windows
    scan.level = 0
    scan.unrest = 0
    memory.fill(members, 0, <usize>(height * width * words) << 2)
    memory.fill(best, 0, <usize>(height * width) << 3)
  }
  return end - scratch
}

/** Scans the current strip of a tile. */
export function scanTile(c: Convolution, index: i32, scratch: usize): void {
  const tile = tileAt(c, index)
  if (c.strip == 0) begin(c, index)
  if (tile.scanned != c.round) return
  const height = tileHeight(c, index)
  const top = tileTop(c, index) + c.strip * height / c.strips
  const left = tileLeft(c, index)
  const bottom = tileTop(c, index) + (c.strip + 1) * height / c.strips
  const right = left + tileWidth(c, index)
  layOut(c, scratch, bottom - top, right - left, top, left)
  const scan = changetype<Scan>(scratch)
  scan.tile = changetype<usize>(tile)
  visitMembers(c, tile, scan)
  for (let y = top; y < bottom; y++) {
    boundChanges(c, scan, y)
    for (let x = left; x < right; x += POSITIONS) scanPositions(c, scan, y, x, min(POSITIONS, right - x))
  }
  if (!c.accelerated) admit(c, tile, scan)
  tile.level = max(tile.level, scan.level)
  tile.unrest = max(tile.unrest, scan.unrest)
}

/** Decides whether a tile is to be scanned, and forgets what was measured before. */
function begin(c: Convolution, index: i32): void {
  const tile = tileAt(c, index)
  tile.first = -1
  if (!isChanged(c, index)) return
  tile.scanned = c.round
  tile.lacking = 0
  tile.level = 0
  tile.unrest = 0
}

/** Whether the last scan may not hold any more: windows of the tile reach into its own part of the residual and those of the tiles after it. */
function isChanged(c: Convolution, index: i32): bool {
  if (c.anew || tileAt(c, index).lacking > 0) return true
  for (let down = 0; down < 2; down++) {
    for (let right = 0; right < 2; right++) {
      const after = neighbour(c, index, down, right)
      if (after >= 0 && tileAt(c, after).formed == c.round) return true
    }
  }
  return false
}

/** Marks the members in the strip, measures them in double precision, and lets go of those that are zero and would stay so. */
function visitMembers(c: Convolution, tile: Tile, scan: Scan): void {
  let kept = 0
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    const corner = entry.corner
    const y = corner / c.stride
    if (y < scan.top || y >= scan.top + scan.height) {
      keep(tile, i, kept++)
      continue
    }
    const kernel = entry.kernel & ~PARTIAL
    const pull = windowDotExact(c, c.residual, corner, kernel)
    const level = (c.nonNegative ? pull : abs(pull)) / thresholdOf(c, corner, kernel)
    if (entry.value == 0 && level <= 1 && (!c.accelerated || entry.curvature == 0)) {
      const reach = at4(c.reach, corner)
      store<f32>(reach, max(load<f32>(reach), <f32>level * INFLATION))
      continue
    }
    scan.level = max(scan.level, level)
    const signed = entry.value > 0 ? pull : -pull
    const violation = entry.value == 0 ? level - 1 : abs(signed / thresholdOf(c, corner, kernel) - 1)
    scan.unrest = max(scan.unrest, violation)
    const x = corner - y * c.stride
    const word = at4(scan.members, ((y - scan.top) * scan.width + x - scan.left) * scan.wordsAcross + (kernel >> 5))
    store<i32>(word, load<i32>(word) | (1 << (kernel & 31)))
    keep(tile, i, kept++)
  }
  tile.count = kept
}

@inline
function keep(tile: Tile, from: i32, to: i32): void {
  if (from != to) memory.copy(changetype<usize>(entryAt(tile, to)), changetype<usize>(entryAt(tile, from)), offsetof<Entry>())
}

/** Leaves in `windows` how far levels at row y can have moved: the largest ‖K‖ / (λ w) · ‖Δr‖ over the window. */
function boundChanges(c: Convolution, scan: Scan, y: i32): void {
  const wide = scan.width + c.kernelWidth - 1
  for (let x = 0; x < wide; x += 4) {
    let total = f32x4.splat(0)
    let at = at4(c.change, y * c.stride + scan.left + x)
    for (let row = 0; row < c.kernelHeight; row++) {
      total = f32x4.add(total, v128.load(at))
      at += <usize>c.stride << 2
    }
    v128.store(at4(scan.columns, x), total)
  }
  const sensitivity = f32x4.splat(<f32>c.sensitivity * INFLATION)
  for (let x = 0; x < scan.width; x += 4) {
    let total = f32x4.splat(0)
    const at = at4(scan.columns, x)
    for (let column = 0; column < c.kernelWidth; column++) total = f32x4.add(total, v128.load(at4(at, column)))
    let moved = f32x4.mul(sensitivity, f32x4.sqrt(total))
    if (c.positionScales != 0) {
      moved = f32x4.mul(moved, v128.load(at4(c.largestScales, y * c.stride + scan.left + x)))
    }
    v128.store(at4(scan.windows, x), moved)
  }
}

/** Levels at `count` (at most eight) positions from (y, x) on. */
function scanPositions(c: Convolution, scan: Scan, y: i32, x: i32, count: i32): void {
  const corner = y * c.stride + x
  const reach = at4(c.reach, corner)
  const moved = at4(scan.windows, x - scan.left)
  const bound0 = f32x4.add(v128.load(reach), v128.load(moved))
  const bound1 = f32x4.add(v128.load(reach, 16), v128.load(moved, 16))
  const limit: f32 = 1 - <f32>c.band
  const near = f32x4.splat(limit)
  const lanes = (1 << count) - 1
  const open = (i32x4.bitmask(f32x4.ge(bound0, near)) | (i32x4.bitmask(f32x4.ge(bound1, near)) << 4)) & lanes
  if (open == 0) {
    storeLanes(reach, bound0, bound1, count)
    return
  }
  let most0 = f32x4.splat(0)
  let most1 = most0
  const groups = (c.k + TOGETHER - 1) / TOGETHER
  const out = scan.correlations
  const most = out + 160
  for (let group = 0; group < groups; group++) {
    let high = correlateGroup(c, group, corner, limit, most, out) & lanes
    while (high != 0) {
      const lane = ctz(high)
      high &= high - 1
      const largest = at4(most, lane)
      store<f32>(largest, considerPosition(c, scan, y, x + lane, group, at4(out, lane), load<f32>(largest)))
    }
    most0 = f32x4.max(most0, v128.load(most))
    most1 = f32x4.max(most1, v128.load(most, 16))
  }
  storeLanes(reach, most0, most1, count)
  // Levels above 1 + band were not computed exactly; the band bounds their rounding.
  for (let lane = 0; lane < count; lane++) {
    const level = <f64>load<f32>(at4(reach, lane))
    if (abs(level - 1) > c.band) scan.level = max(scan.level, level > 1 ? level + c.band : level)
  }
}

@inline
function storeLanes(at: usize, low: v128, high: v128, count: i32): void {
  if (count == POSITIONS) {
    v128.store(at, low)
    v128.store(at, high, 16)
    return
  }
  for (let lane = 0; lane < count; lane++) {
    store<f32>(at4(at, lane), lane < 4 ? laneOf(low, lane) : laneOf(high, lane - 4))
  }
}

@inline
function laneOf(x: v128, lane: i32): f32 {
  if (lane == 0) return f32x4.extract_lane(x, 0)
  if (lane == 1) return f32x4.extract_lane(x, 1)
  if (lane == 2) return f32x4.extract_lane(x, 2)
  return f32x4.extract_lane(x, 3)
}

/**
 * The five coefficients of a group at one position, of which one is near or above 1 (`most` is the largest level; `levels` lie 8 apart):
 * the largest level outside of the working set.
 */
function considerPosition(c: Convolution, scan: Scan, y: i32, x: i32, group: i32, levels: usize, most: f32): f32 {
  const position = (y - scan.top) * scan.width + x - scan.left
  const members = at4(scan.members, position * scan.wordsAcross)
  const best = at8(scan.best, position)
  const from = group * TOGETHER
  // Where nothing is a member and the largest is clearly above 1, only that one matters.
  const plain = !c.accelerated && <f64>most > 1 + c.band && !anyMember(members, scan.wordsAcross)
  if (plain && most <= load<f32>(best)) return most
  let largest: f32 = 0
  for (let i = 0; i < TOGETHER; i++) {
    let level = load<f32>(levels + (<usize>i << 5))
    const kernel = from + i
    if (plain ? level < most : kernel >= c.k || isMember(members, kernel)) continue
    if (abs(<f64>level - 1) <= c.band) {
      const corner = y * c.stride + x
      const pull = windowDotExact(c, c.residual, corner, kernel)
      const exact = (c.nonNegative ? pull : abs(pull)) / thresholdOf(c, corner, kernel)
      scan.level = max(scan.level, exact)
      level = <f32>exact
    }
    largest = max(largest, level)
    if (c.accelerated) {
      if (level > 1) append(c, changetype<Tile>(scan.tile), y * c.stride + x, kernel)
    } else if (level > 1 && level > load<f32>(best)) {
      store<f32>(best, level)
      store<i32>(best, kernel, 4)
    }
  }
  return largest
}

@inline
function isMember(members: usize, kernel: i32): bool {
  return ((load<i32>(at4(members, kernel >> 5)) >> (kernel & 31)) & 1) != 0
}

@inline
function anyMember(members: usize, words: i32): bool {
  for (let i = 0; i < words; i++) if (load<i32>(at4(members, i)) != 0) return true
  return false
}

/** Takes the best of each position into the working set, as far as there is room. */
function admit(c: Convolution, tile: Tile, scan: Scan): void {
  let best = scan.best
  for (let y = scan.top; y < scan.top + scan.height; y++) {
    for (let x = scan.left; x < scan.left + scan.width; x++) {
      const level = load<f32>(best)
      if (level != 0) {
        append(c, tile, y * c.stride + x, load<i32>(best, 4))
        scan.unrest = max(scan.unrest, <f64>level - 1)
      }
      best += 8
    }
  }
}

function append(c: Convolution, tile: Tile, corner: i32, kernel: i32): void {
  if (tile.count == tile.capacity) tile.lacking++
  else addEntry(c, tile, corner, kernel, 0)
}

/** Appends a coefficient to a tile with room for it. */
export function addEntry(c: Convolution, tile: Tile, corner: i32, kernel: i32, value: f32): void {
  const entry = entryAt(tile, tile.count++)
  const y = corner / c.stride
  const curvature = windowCurvature(c, corner, kernel)
  entry.corner = corner
  entry.kernel = curvature < 0 || isRepeated(c, y, corner - y * c.stride) ? kernel | PARTIAL : kernel
  entry.value = value
  entry.curvature = c.accelerated ? value : abs(curvature)
}
