import type { Codes } from '../../src/inference/codes.js'
import { toDense } from '../../src/inference/codes.js'
import type { Geometry } from '../../src/inference/convolutional/geometry.js'

/** One observation of the surrogate: dense maps [m][h′][w′] and the canvas [c][H][W] that it is measured on. */
export interface DenseObservation {
  readonly maps: number[][][]
  readonly target: number[][][]
  readonly place: Geometry
}

/** The maps of one code. */
export function denseMaps(codes: Codes, place: Geometry): number[][][] {
  const { data } = toDense(codes)
  const { mapHeight, mapWidth } = place
  return Array.from({ length: place.kernels.count }, (_, k) =>
    Array.from({ length: mapHeight }, (_, y) =>
      Array.from({ length: mapWidth }, (_, x) => data[(k * mapHeight + y) * mapWidth + x]),
    ),
  )
}

/** A flat canvas [c, H, W] as nested arrays. */
export function nestedCanvas(
  canvas: ArrayLike<number>,
  { canvasHeight, canvasWidth, kernels }: Geometry,
): number[][][] {
  return Array.from({ length: kernels.channels }, (_, c) =>
    Array.from({ length: canvasHeight }, (_, y) =>
      Array.from({ length: canvasWidth }, (_, x) => canvas[(c * canvasHeight + y) * canvasWidth + x]),
    ),
  )
}

/** K * Z at pixel (y, x) of channel c: Σ over kernels and positions, by its definition; circular boundaries wrap. */
export function convolvedAt(
  kernels: ArrayLike<number>,
  maps: number[][][],
  place: Geometry,
  c: number,
  y: number,
  x: number,
): number {
  const { count, height, width, channels } = place.kernels
  let sum = 0
  for (let k = 0; k < count; k++) {
    for (let ry = 0; ry < height; ry++) {
      for (let rx = 0; rx < width; rx++) {
        let [my, mx] = [y - ry, x - rx]
        if (place.boundary === 'circular') {
          my = (my + place.height) % place.height
          mx = (mx + place.width) % place.width
        }
        sum += (maps[k][my]?.[mx] ?? 0) * kernels[((k * channels + c) * height + ry) * width + rx]
      }
    }
  }
  return sum
}

/** ½‖target − K * Z‖² over the canvas (over one period of it where the boundary is circular). Kernels are planar, [m, c, kh, kw]. */
export function quadraticEnergy(kernels: ArrayLike<number>, { maps, target, place }: DenseObservation): number {
  const circular = place.boundary === 'circular'
  const [rows, columns] = circular ? [place.height, place.width] : [place.canvasHeight, place.canvasWidth]
  let sum = 0
  for (let c = 0; c < place.kernels.channels; c++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) sum += 0.5 * (target[c][y][x] - convolvedAt(kernels, maps, place, c, y, x)) ** 2
    }
  }
  return sum
}
