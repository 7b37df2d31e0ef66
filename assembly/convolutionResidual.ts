/**
 * The residual formed anew from the codes, in double precision: what it has changed by since, its squares, and its copy in single
 * precision. Tiles form the parts of the canvas that begin where they do, from their own coefficients and those of the
 * tiles before them, so that no two write to the same place.
 */
import { aligned, at8 } from './addresses'
import {
  at4, Convolution, entryAt, kernelBytes, neighbour, PARTIAL, partHeight, partWidth, thresholdOf, Tile, tileAt, tileLeft,
  tileTop,
} from './convolution'
import { promoteHigh } from './double'

/** Doubles a row of the working memory goes beyond its part of the canvas, for kernels' padding. */
const SLACK: i32 = 4

/** A part of the canvas. */
@unmanaged
class Part {
  top: i32
  left: i32
  height: i32
  width: i32
  stride: i32
  /** f64 [channels, height, stride] */
  values: usize
}

const PART_BYTES: usize = 64

export function residualBytes(c: Convolution, tileHeight: i32, tileWidth: i32): usize {
  const height = tileHeight + c.kernelHeight
  const stride = tileWidth + c.kernelWidth + SLACK
  return aligned(PART_BYTES) + aligned(<usize>(c.channels * height * stride) << 3)
}

export function formResidual(c: Convolution, index: i32, scratch: usize): void {
  const ty = index / c.tilesX
  const tx = index - ty * c.tilesX
  const part = changetype<Part>(scratch)
  part.top = tileTop(c, index)
  part.left = tileLeft(c, index)
  part.height = partHeight(c, index)
  part.width = partWidth(c, index)
  part.stride = part.width + SLACK
  part.values = scratch + aligned(PART_BYTES)
  const tile = tileAt(c, index)
  if (!isMoved(c, index)) {
    if (tile.formed == c.round - 1) forgetChange(c, part)
    return
  }
  tile.formed = c.round
  loadObservation(c, part)
  for (let beforeY = 0; beforeY < 2; beforeY++) {
    let fromY = ty - beforeY
    let shiftY = 0
    if (fromY < 0) {
      if (!c.circular) continue
      fromY = c.tilesY - 1
      shiftY = -c.periodY
    }
    for (let beforeX = 0; beforeX < 2; beforeX++) {
      let fromX = tx - beforeX
      let shiftX = 0
      if (fromX < 0) {
        if (!c.circular) continue
        fromX = c.tilesX - 1
        shiftX = -c.periodX
      }
      subtractTile(c, part, tileAt(c, fromY * c.tilesX + fromX), shiftY, shiftX)
    }
  }
  storeResidual(c, part, tile)
  let penalty: f64 = 0
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    if (entry.value != 0) {
      penalty += abs(<f64>entry.value) * thresholdOf(c, entry.corner, entry.kernel & ~PARTIAL)
    }
  }
  tile.penalty = penalty
}

/** Whether a coefficient that reaches into a tile's part has changed since it was last formed: its own, or of the tiles before it. */
function isMoved(c: Convolution, index: i32): bool {
  if (c.anew) return true
  for (let up = 0; up < 2; up++) {
    for (let left = 0; left < 2; left++) {
      const before = neighbour(c, index, -up, -left)
      if (before >= 0 && tileAt(c, before).moved == c.round) return true
    }
  }
  return false
}

/** Nothing has changed since the round before. */
function forgetChange(c: Convolution, part: Part): void {
  for (let y = 0; y < part.height; y++) {
    memory.fill(at4(c.change, (part.top + y) * c.stride + part.left), 0, <usize>part.width << 2)
  }
  if (c.circular) repeat(c, part)
}

function loadObservation(c: Convolution, part: Part): void {
  let to = part.values
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < part.height; y++) {
      const from = at4(c.observation, channel * c.plane + (part.top + y) * c.stride + part.left)
      for (let x = 0; x < part.width; x++) store<f64>(at8(to, x), <f64>load<f32>(at4(from, x)))
      to += <usize>part.stride << 3
    }
  }
}

/** Takes away what a tile's coefficients write into this part. */
function subtractTile(c: Convolution, part: Part, tile: Tile, shiftY: i32, shiftX: i32): void {
  const bytes = kernelBytes(c)
  for (let i = 0; i < tile.count; i++) {
    const entry = entryAt(tile, i)
    if (entry.value == 0) continue
    const row = entry.corner / c.stride
    const y = row + shiftY - part.top
    const x = entry.corner - row * c.stride + shiftX - part.left
    const fromY = max(0, -y)
    const toY = min(c.kernelHeight, part.height - y)
    const fromX = max(0, -x)
    const toX = min(c.kernelWidth, part.width - x)
    if (fromY >= toY || fromX >= toX) continue
    const kernel = c.kernels + <usize>(entry.kernel & ~PARTIAL) * bytes
    const value = <f64>entry.value
    const whole = fromX == 0 && toX == c.kernelWidth
    for (let channel = 0; channel < c.channels; channel++) {
      for (let dy = fromY; dy < toY; dy++) {
        const k = at4(kernel, (channel * c.kernelHeight + dy) * c.paddedWidth)
        const to = at8(part.values, (channel * part.height + y + dy) * part.stride + x)
        if (whole) subtractRow(to, k, c.paddedWidth, value)
        else {
          for (let dx = fromX; dx < toX; dx++) {
            store<f64>(at8(to, dx), load<f64>(at8(to, dx)) - value * <f64>load<f32>(at4(k, dx)))
          }
        }
      }
    }
  }
}

@inline
function subtractRow(to: usize, kernel: usize, width: i32, value: f64): void {
  const v = f64x2.splat(value)
  for (let x = 0; x < width; x += 4) {
    const k = v128.load(at4(kernel, x))
    const at = at8(to, x)
    const low = f64x2.promote_low_f32x4(k)
    const high = promoteHigh(k)
    v128.store(at, f64x2.sub(v128.load(at), f64x2.mul(v, low)))
    v128.store(at, f64x2.sub(v128.load(at, 16), f64x2.mul(v, high)), 16)
  }
}

/** Writes this part of the residual, its repetitions, and its change; sums up its squares. */
function storeResidual(c: Convolution, part: Part, tile: Tile): void {
  let squares: f64 = 0
  let singleSquares: f64 = 0
  let agreement: f64 = 0
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < part.height; y++) {
      const from = at8(part.values, (channel * part.height + y) * part.stride)
      const place = channel * c.plane + (part.top + y) * c.stride + part.left
      const changes = at4(c.change, (part.top + y) * c.stride + part.left)
      for (let x = 0; x < part.width; x++) {
        let value = load<f64>(at8(from, x))
        if (c.mask != 0 && load<f32>(at4(c.mask, place + x)) == 0) value = 0
        const single = <f32>value
        const formed = at4(c.formed, place + x)
        const change = single - load<f32>(formed)
        store<f32>(formed, single)
        store<f32>(at4(c.residual, place + x), single)
        const before = channel == 0 ? <f32>0 : load<f32>(at4(changes, x))
        store<f32>(at4(changes, x), before + change * change)
        squares += value * value
        singleSquares += <f64>single * <f64>single
        agreement += <f64>single * <f64>load<f32>(at4(c.observation, place + x))
      }
    }
  }
  tile.squares = squares
  tile.singleSquares = singleSquares
  tile.agreement = agreement
  if (c.circular) repeat(c, part)
}

/** Copies what of this part the canvas repeats past the observation's end. */
function repeat(c: Convolution, part: Part): void {
  const rows = min(part.height, c.kernelHeight - 1 - part.top)
  const columns = min(part.width, c.kernelWidth - 1 - part.left)
  for (let channel = 0; channel < c.channels; channel++) {
    for (let y = 0; y < part.height; y++) {
      const place = channel * c.plane + (part.top + y) * c.stride + part.left
      const run = <usize>part.width << 2
      const down = c.periodY * c.stride
      if (y < rows) {
        copy(c, place, place + down, run)
        if (columns > 0) copy(c, place, place + down + c.periodX, <usize>columns << 2)
      }
      if (columns > 0) copy(c, place, place + c.periodX, <usize>columns << 2)
    }
  }
}

@inline
function copy(c: Convolution, from: i32, to: i32, bytes: usize): void {
  memory.copy(at4(c.residual, to), at4(c.residual, from), bytes)
  if (from < c.plane) memory.copy(at4(c.change, to), at4(c.change, from), bytes)
}
