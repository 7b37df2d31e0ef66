import type { Picture } from '../data/picture.js'
import { ShapeError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { requireWhole } from './canvas.js'
import type { MosaicOptions } from './mosaic.js'
import { samples } from './samples.js'

const SIDE = 20

/**
 * Codes [side², 2] on a grid whose steps are equal in probability under N(0, 1): z₁ grows to the right, z₂ upwards, rows from the
 * top. Decoded and laid out by {@link latentGrid} they show the plane of codes (Kingma and Welling 2014, appendix A).
 */
export function latentGridCodes(options: { readonly side?: number } = {}): Tensor {
  const { side = SIDE } = options
  requireWhole(side, 'side', 1, 1000)
  const places = Float32Array.from({ length: side }, (_, i) => normalQuantile((i + 0.5) / side))
  const data = new Float32Array(2 * side * side)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = 2 * (row * side + column)
      data[at] = places[column]
      data[at + 1] = places[side - 1 - row]
    }
  }
  return { shape: [side * side, 2], data }
}

/** The decoded codes of a grid, [side², …shape of a picture], without lines between them. Throws {@link ShapeError} unless they make a square. */
export function latentGrid(decoded: Tensor, options: MosaicOptions = {}): Picture {
  const side = Math.round(Math.sqrt(decoded.shape[0]))
  if (side * side !== decoded.shape[0]) {
    throw new ShapeError(`${decoded.shape[0]} pictures make no square; decode latentGridCodes().`)
  }
  return samples(decoded, { columns: side, gap: 0, scale: 1, ...options })
}

/** The number below which a normal one lies with probability p in (0, 1), by bisection on erf's series. */
function normalQuantile(p: number): number {
  if (p === 0.5) return 0
  let [low, high] = [-8, 8]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalProbability(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** P(Z < z) = ½ + φ(z)·(z + z³/3 + z⁵/15 + …), which converges for all z. */
function normalProbability(z: number): number {
  let term = z
  let sum = z
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 1000; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
}
