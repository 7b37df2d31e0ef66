import type { Codes } from '../../inference/codes.js'
import type { Geometry } from '../../inference/convolutional/geometry.js'
import type { Tensor } from '../../tensor/tensor.js'

/*
 * A canvas [c, H, W] is every pixel that kernels reach: the observation, around it the margin of boundary `same`, or after it its own
 * beginning once more where the boundary is circular.
 */

/** Kernels [m, h, w, c], channels last, as [m, c, h, w] in double precision. */
export function planarKernels(
  kernels: Float32Array,
  { kernels: { count, height, width, channels } }: Pick<Geometry, 'kernels'>,
): Float64Array {
  const out = new Float64Array(kernels.length)
  const area = height * width
  for (let k = 0; k < count; k++) {
    for (let p = 0; p < area; p++) {
      for (let c = 0; c < channels; c++) out[(k * channels + c) * area + p] = kernels[(k * area + p) * channels + c]
    }
  }
  return out
}

/** The reverse of {@link planarKernels}, rounded to single precision. */
export function kernelsChannelsLast(
  planar: Float64Array,
  { kernels: { count, height, width, channels } }: Pick<Geometry, 'kernels'>,
): Float32Array {
  const out = new Float32Array(planar.length)
  const area = height * width
  for (let k = 0; k < count; k++) {
    for (let p = 0; p < area; p++) {
      for (let c = 0; c < channels; c++) out[(k * area + p) * channels + c] = planar[(k * channels + c) * area + p]
    }
  }
  return out
}

/** Σᵢ Kᵢ * Zᵢ over the whole canvas, for planar kernels and the code of one observation. */
export function reconstructCanvas(codes: Codes, kernels: Float64Array, place: Geometry): Float32Array {
  const { height, width, channels } = place.kernels
  const { mapHeight, mapWidth, canvasHeight, canvasWidth } = place
  const canvas = new Float32Array(channels * canvasHeight * canvasWidth)
  const positions = mapHeight * mapWidth
  for (let at = 0; at < codes.indptr[1]; at++) {
    const position = codes.indices[at] % positions
    const kernel = (codes.indices[at] - position) / positions
    const x = position % mapWidth
    const y = (position - x) / mapWidth
    const value = codes.values[at]
    let from = kernel * channels * height * width
    for (let c = 0; c < channels; c++) {
      let row = (c * canvasHeight + y) * canvasWidth + x
      for (let ry = 0; ry < height; ry++) {
        for (let rx = 0; rx < width; rx++) canvas[row + rx] += value * kernels[from + rx]
        from += width
        row += canvasWidth
      }
    }
  }
  if (place.boundary === 'circular') wrap(canvas, place)
  return canvas
}

/** Adds what passed the end to the beginning, and repeats the beginning after the end. */
function wrap(
  canvas: Float32Array,
  { height, width, canvasHeight, canvasWidth, kernels: { channels } }: Geometry,
): void {
  for (let c = 0; c < channels; c++) {
    const plane = canvas.subarray(c * canvasHeight * canvasWidth, (c + 1) * canvasHeight * canvasWidth)
    for (let y = 0; y < canvasHeight; y++) {
      for (let x = 0; x < canvasWidth; x++) {
        const home = (y % height) * canvasWidth + (x % width)
        if (home !== y * canvasWidth + x) plane[home] += plane[y * canvasWidth + x]
      }
    }
    for (let y = 0; y < canvasHeight; y++) {
      for (let x = 0; x < canvasWidth; x++) plane[y * canvasWidth + x] = plane[(y % height) * canvasWidth + (x % width)]
    }
  }
}

/**
 * The canvas that statistics are taken from: the observation where there is one, and elsewhere (in the margin, and where `mask` is 0)
 * the present reconstruction. ½‖target − K * Z‖² over the canvas lies above the energy of the observed pixels for all kernels and
 * touches it at the present ones, so a step that lowers the first lowers the second.
 */
export function fillTarget(
  observation: Tensor,
  mask: Tensor | undefined,
  reconstruction: Float32Array,
  place: Geometry,
): Float32Array {
  const { height, width, top, left, canvasHeight, canvasWidth, boundary } = place
  const { channels } = place.kernels
  const target = reconstruction.slice()
  const [rows, columns] = boundary === 'circular' ? [canvasHeight, canvasWidth] : [height, width]
  const perPixel = mask !== undefined && mask.data.length * channels === observation.data.length && channels > 1
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows; y++) {
      const to = (c * canvasHeight + y + top) * canvasWidth + left
      const from = (y % height) * width
      for (let x = 0; x < columns; x++) {
        const pixel = from + (x % width)
        if (mask === undefined || mask.data[perPixel ? pixel : pixel * channels + c] !== 0) {
          target[to + x] = observation.data[pixel * channels + c]
        }
      }
    }
  }
  return target
}
