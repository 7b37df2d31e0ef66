/**
 * The one judge of convolutional codes: ½‖M ⊙ (Y − Σᵢ Kᵢ * Zᵢ)‖² + λ Σᵢ Σ_q wᵢ(q) |Zᵢ(q)| in double precision, written without any of the
 * code it judges.
 *
 * @typedef {import('./objective.js').Tensor} Tensor
 *
 * @typedef {object} ConvolutionalProblem
 * @property {Tensor} observation [h, w] or [h, w, c]; a signal [t] or [t, c]
 * @property {Tensor} kernels [m, kh, kw] or [m, kh, kw, c]; of a signal [m, kt] or [m, kt, c]
 * @property {1 | 2} spatial how many axes are swept: signals or images
 * @property {number} lambda
 * @property {'valid' | 'circular'} boundary
 * @property {boolean} [nonNegative]
 * @property {Tensor} [mask] 1 where observed, 0 where missing [h, w]
 * @property {Tensor} [weights] of every coefficient [m, h′, w′]
 *
 * @typedef {{ readonly indices: ArrayLike<number>, readonly values: ArrayLike<number> }} Maps what is not 0, at (i·h′ + y)·w′ + x
 */

/** Everything as images with channels. @param {ConvolutionalProblem} problem */
function layout({ observation, kernels, spatial, boundary }) {
  const [height, width] = spatial === 2 ? observation.shape : [1, observation.shape[0]]
  const [kernelHeight, kernelWidth] = spatial === 2 ? kernels.shape.slice(1) : [1, kernels.shape[1]]
  const channels = observation.data.length / (height * width)
  const cut = boundary === 'valid' ? 1 : 0
  return {
    height,
    width,
    channels,
    count: kernels.shape[0],
    kernelHeight,
    kernelWidth,
    mapHeight: height - cut * (kernelHeight - 1),
    mapWidth: width - cut * (kernelWidth - 1),
  }
}

/** What is not 0 in dense maps [m, h′, w′]. @param {Tensor} maps @returns {Maps} */
export function sparseMaps({ data }) {
  const indices = []
  const values = []
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue
    indices.push(i)
    values.push(data[i])
  }
  return { indices, values }
}

/** Σᵢ Kᵢ * Zᵢ, in the layout of the observation. @param {ConvolutionalProblem} problem @param {Maps} maps */
export function decoded(problem, { indices, values }) {
  const { height, width, channels, kernelHeight, kernelWidth, mapHeight, mapWidth } = layout(problem)
  const { data } = problem.kernels
  const result = new Float64Array(problem.observation.data.length)
  const run = kernelWidth * channels
  for (let at = 0; at < indices.length; at++) {
    const position = indices[at] % (mapHeight * mapWidth)
    const kernel = (indices[at] - position) / (mapHeight * mapWidth)
    const x = position % mapWidth
    const y = (position - x) / mapWidth
    for (let dy = 0; dy < kernelHeight; dy++) {
      const row = ((y + dy) % height) * width
      for (let dx = 0; dx < kernelWidth; dx++) {
        const to = (row + ((x + dx) % width)) * channels
        const from = (kernel * kernelHeight + dy) * run + dx * channels
        for (let c = 0; c < channels; c++) result[to + c] += values[at] * data[from + c]
      }
    }
  }
  return result
}

/** M ⊙ (Y − Σᵢ Kᵢ * Zᵢ) @param {ConvolutionalProblem} problem @param {Maps} maps */
function residual(problem, maps) {
  const { observation, mask } = problem
  const { channels } = layout(problem)
  return decoded(problem, maps).map(
    (value, p) => (observation.data[p] - value) * (mask ? mask.data[Math.floor(p / channels)] : 1),
  )
}

/** λ Σ w |z| @param {ConvolutionalProblem} problem @param {Maps} maps */
function penalty({ lambda, weights }, { indices, values }) {
  let sum = 0
  for (let at = 0; at < indices.length; at++) sum += Math.abs(values[at]) * (weights ? weights.data[indices[at]] : 1)
  return lambda * sum
}

/** @param {ConvolutionalProblem} problem @param {Maps} maps */
export function convolutionalEnergy(problem, maps) {
  const square = residual(problem, maps).reduce((sum, value) => sum + value * value, 0)
  return 0.5 * square + penalty(problem, maps)
}

/**
 * How far the energy can lie above its minimum, relative to it: the duality gap at the scaled residual s r, where
 * s = min(1, min λ w / |Kᵢ ⋆ r|) makes s r feasible and the dual value is s ⟨r, M ⊙ Y⟩ − ½ s² ‖r‖².
 * @param {ConvolutionalProblem} problem
 * @param {Maps} maps
 */
export function convolutionalGap(problem, maps) {
  const r = residual(problem, maps)
  let square = 0
  let product = 0
  for (let p = 0; p < r.length; p++) {
    square += r[p] * r[p]
    product += r[p] * problem.observation.data[p]
  }
  const scale = Math.min(1, 1 / steepest(problem, r))
  const energy = 0.5 * square + penalty(problem, maps)
  return (energy - (scale * product - 0.5 * scale * scale * square)) / energy
}

/** The smallest λ with Z* = 0. @param {ConvolutionalProblem} problem */
export function convolutionalLambdaMax(problem) {
  return problem.lambda * steepest(problem, residual(problem, { indices: [], values: [] }))
}

/** max over kernels and places of |Kᵢ ⋆ r| / (λ w), or of what is not negative alone. @param {ConvolutionalProblem} problem @param {Float64Array} r */
function steepest(problem, r) {
  const { height, width, channels, count, kernelHeight, kernelWidth, mapHeight, mapWidth } = layout(problem)
  const { kernels, lambda, weights, nonNegative } = problem
  const run = kernelWidth * channels
  // A residual with what wraps round laid out beside it, so that a kernel's rows are read straight.
  const reach = (width + kernelWidth - 1) * channels
  const rows = Array.from({ length: height }, (_, y) => {
    const row = new Float64Array(reach)
    for (let p = 0; p < reach; p++) row[p] = r[y * width * channels + (p % (width * channels))]
    return row
  })
  let largest = 0
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < mapHeight; y++) {
      for (let x = 0; x < mapWidth; x++) {
        let sum = 0
        for (let dy = 0; dy < kernelHeight; dy++) {
          const row = rows[(y + dy) % height]
          const from = (i * kernelHeight + dy) * run
          for (let p = 0; p < run; p++) sum += kernels.data[from + p] * row[x * channels + p]
        }
        const weight = weights ? weights.data[(i * mapHeight + y) * mapWidth + x] : 1
        largest = Math.max(largest, (nonNegative ? sum : Math.abs(sum)) / (lambda * weight))
      }
    }
  }
  return largest
}

/**
 * 10 log₁₀(range² / mean squared error) in dB.
 * @param {ArrayLike<number>} reference
 * @param {ArrayLike<number>} image
 * @param {number} [range] of the values: 1 for all of [0, 1]
 */
export function decibels(reference, image, range = 1) {
  let sum = 0
  for (let p = 0; p < reference.length; p++) sum += (reference[p] - image[p]) ** 2
  return 10 * Math.log10((range * range * reference.length) / sum)
}
