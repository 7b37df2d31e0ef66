import { normals } from './data.js'

/**
 * The judge of both variational auto-encoders, in double precision, written without any of the code it judges.
 *
 * @typedef {import('./objective.js').Tensor} Tensor
 * @typedef {{ readonly weight: Tensor, readonly bias: Tensor }} Layer [out, in] and [out]
 * @typedef {{ readonly encoder: Layer, readonly mean: Layer, readonly logVariance: Layer, readonly decoder: Layer, readonly pixels: Layer }} Autoencoder
 */

/**
 * The loss an image, with one sampled code each: Σ softplus(a) − y a, the binary cross-entropy at logits a, plus
 * ½ Σ (z̄² + σ² − 1 − ln σ²).
 * @param {Tensor} images [n, …] in [0, 1]
 * @param {Autoencoder} parameters
 * @param {number} [seed] of the codes' noise
 */
export function autoencoderLoss(images, parameters, seed = 1) {
  const [count] = images.shape
  const size = images.data.length / count
  const normal = normals(seed)
  const encode = affine(parameters.encoder)
  const toMean = affine(parameters.mean)
  const toLogVariance = affine(parameters.logVariance)
  const decode = affine(parameters.decoder)
  const toPixels = affine(parameters.pixels)
  let total = 0
  for (let i = 0; i < count; i++) {
    const image = images.data.subarray(i * size, (i + 1) * size)
    const hidden = rectified(encode(image))
    const mean = toMean(hidden)
    const logVariance = toLogVariance(hidden)
    const code = mean.map((value, j) => value + Math.exp(0.5 * logVariance[j]) * normal())
    const logits = toPixels(rectified(decode(code)))
    for (let p = 0; p < size; p++) total += softplus(logits[p]) - image[p] * logits[p]
    for (let j = 0; j < mean.length; j++) {
      total += 0.5 * (mean[j] ** 2 + Math.exp(logVariance[j]) - 1 - logVariance[j])
    }
  }
  return total / count
}

/** x → W x + b, a column of W for each number of x that is not 0. @param {Layer} layer */
function affine({ weight, bias }) {
  const [outputs, inputs] = weight.shape
  const columns = Array.from({ length: inputs }, (_, j) =>
    Float64Array.from({ length: outputs }, (_, i) => weight.data[i * inputs + j]),
  )
  /** @param {Float32Array | Float64Array} x */
  return (x) => {
    const result = Float64Array.from(bias.data)
    for (let j = 0; j < inputs; j++) {
      if (x[j] === 0) continue
      const value = x[j]
      const column = columns[j]
      for (let i = 0; i < outputs; i++) result[i] += value * column[i]
    }
    return result
  }
}

/** @param {Float64Array} values */
const rectified = (values) => values.map((value) => Math.max(0, value))

/** ln(1 + eᵃ) @param {number} a */
const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))
