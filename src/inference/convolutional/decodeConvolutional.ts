import { ShapeError } from '../../tensor/errors.js'
import { checkOptions } from '../../tensor/options.js'
import { givenTensor, type Tensor } from '../../tensor/tensor.js'
import { checkIsCodes } from '../checkCodes.js'
import type { Codes } from '../codes.js'
import { type Boundary, codeSize, type Geometry, geometry, kernelGeometry, type Spatial } from './geometry.js'

/**
 * Ŷ = Σᵢ Kᵢ * Zᵢ for the codes of one observation of `shape` (the code flat, (i·h′ + y)·w′ + x), kernels [m, kh, kw(, c)] or
 * [m, kt(, c)]. Throws {@link ShapeError} for codes of another size.
 */
export function decodeConvolutional(
  codes: Codes,
  kernels: Tensor,
  options: { boundary: Boundary; shape: readonly number[]; spatial: Spatial },
): Tensor {
  checkIsCodes(codes, 'Codes')
  checkOptions('decodeConvolutional', options, { boundary: true, shape: true, spatial: true })
  const place = geometry(
    kernelGeometry(givenTensor(kernels, 'kernels').shape, options.spatial),
    options.boundary,
    options.shape,
  )
  const size = codeSize(place)
  if (codes.shape[0] !== 1 || codes.shape[1] !== size) {
    throw new ShapeError(
      `Codes [${codes.shape.join(', ')}] were given where one observation of [${options.shape.join(', ')}] has [1, ${size}]; give its own codes.`,
    )
  }
  const canvas = spread(codes, kernels.data, place)
  return { shape: [...options.shape], data: fold(canvas, place) }
}

/** Σᵢ Kᵢ * Zᵢ over the canvas [H, W, c], in double precision. */
function spread(codes: Codes, kernels: Float32Array, place: Geometry): Float64Array {
  const { height, width, channels } = place.kernels
  const { mapHeight, mapWidth, canvasWidth } = place
  const canvas = new Float64Array(place.canvasHeight * canvasWidth * channels)
  const positions = mapHeight * mapWidth
  const run = width * channels
  for (let at = 0; at < codes.indptr[1]; at++) {
    const index = codes.indices[at]
    const value = codes.values[at]
    const kernel = Math.floor(index / positions)
    const position = index - kernel * positions
    const y = Math.floor(position / mapWidth)
    const x = position - y * mapWidth
    for (let dy = 0; dy < height; dy++) {
      const to = ((y + dy) * canvasWidth + x) * channels
      const from = (kernel * height + dy) * run
      for (let p = 0; p < run; p++) canvas[to + p] += value * kernels[from + p]
    }
  }
  return canvas
}

/** The observation's part of a canvas; for circular boundaries what lies beyond the end is added at the beginning. */
function fold(canvas: Float64Array, place: Geometry): Float32Array {
  const { height, width, top, left, canvasHeight, canvasWidth, boundary } = place
  const { channels } = place.kernels
  const out = new Float64Array(height * width * channels)
  if (boundary === 'circular') {
    for (let y = 0; y < canvasHeight; y++) {
      for (let x = 0; x < canvasWidth; x++) {
        const to = ((y % height) * width + (x % width)) * channels
        const from = (y * canvasWidth + x) * channels
        for (let c = 0; c < channels; c++) out[to + c] += canvas[from + c]
      }
    }
  } else {
    const run = width * channels
    for (let y = 0; y < height; y++) {
      const from = ((y + top) * canvasWidth + left) * channels
      out.set(canvas.subarray(from, from + run), y * run)
    }
  }
  return Float32Array.from(out)
}
