import { uniform } from './data.js'

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
export function autoencoderLoss(images, { encoder, mean, logVariance, decoder, pixels }, seed = 1) {
  const [count] = images.shape
  const size = images.data.length / count
  const normal = normals(seed)
  let total = 0
  for (let i = 0; i < count; i++) {
    const image = images.data.subarray(i * size, (i + 1) * size)
    const hidden = rectified(affine(encoder, image))
    const center = affine(mean, hidden)
    const spread = affine(logVariance, hidden)
    const code = center.map((value, j) => value + Math.exp(0.5 * spread[j]) * normal())
    const logits = affine(pixels, rectified(affine(decoder, code)))
    for (let p = 0; p < size; p++) total += softplus(logits[p]) - image[p] * logits[p]
    for (let j = 0; j < center.length; j++) total += 0.5 * (center[j] ** 2 + Math.exp(spread[j]) - 1 - spread[j])
  }
  return total / count
}

/** W x + b, zeros of x skipped. @param {Layer} layer @param {Float32Array | Float64Array} x */
function affine({ weight, bias }, x) {
  const used = []
  for (let j = 0; j < x.length; j++) if (x[j] !== 0) used.push(j)
  const result = Float64Array.from(bias.data)
  for (let i = 0; i < result.length; i++) {
    let sum = 0
    for (const j of used) sum += weight.data[i * x.length + j] * x[j]
    result[i] += sum
  }
  return result
}

/** @param {Float64Array} values */
const rectified = (values) => values.map((value) => Math.max(0, value))

/** ln(1 + eᵃ) @param {number} a */
const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))

/** Numbers from the standard normal distribution, by Box and Muller. @param {number} seed */
function normals(seed) {
  const random = uniform(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
