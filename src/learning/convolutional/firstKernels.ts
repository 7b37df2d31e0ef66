import type { Geometry } from '../../inference/convolutional/geometry.js'
import { rng } from '../../tensor/random.js'
import { project } from './moveKernels.js'
import { cutWindow, windowEnergies } from './residualWindows.js'

/** Where windows are drawn from: a canvas [c, H, W] of an observation, zero where nothing was observed. */
export interface FirstSample {
  readonly canvas: Float32Array
  readonly place: Geometry
}

/** Windows drawn for one kernel, of which that of most energy is taken. */
const DRAWS = 12

/**
 * First kernels, planar [m, c, kh, kw], each of norm 1 (and ≥ 0): windows of the samples in turn, at random positions where there is
 * energy; noise where a sample has none.
 */
export function firstKernels(
  samples: readonly FirstSample[],
  options: { readonly seed: number; readonly nonNegative: boolean },
): Float64Array {
  const { count, height, width, channels } = samples[0].place.kernels
  const size = channels * height * width
  const random = rng(options.seed, 0)
  const energies = samples.map(({ canvas, place }) => windowEnergies(canvas, place))
  const kernels = new Float64Array(count * size)
  for (let k = 0; k < count; k++) {
    const { canvas, place } = samples[k % samples.length]
    const energy = energies[k % samples.length]
    let best = random.integer(energy.length)
    for (let draw = 1; draw < DRAWS; draw++) {
      const position = random.integer(energy.length)
      if (energy[position] > energy[best]) best = position
    }
    const kernel = kernels.subarray(k * size, (k + 1) * size)
    const y = Math.floor(best / place.mapWidth)
    kernel.set(cutWindow(canvas, place, y, best - y * place.mapWidth))
    if (energy[best] > 0 && project(kernel, options.nonNegative)) continue
    do {
      for (let i = 0; i < size; i++) kernel[i] = options.nonNegative ? random.uniform() : random.normal()
    } while (!project(kernel, options.nonNegative))
  }
  return kernels
}
