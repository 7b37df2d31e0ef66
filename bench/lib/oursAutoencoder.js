/** What the benchmarks of convolutional auto-encoders ask of the library. */
import * as energia from 'energia'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {{ kernels: Tensor, filters: Tensor, bias: Tensor, gain: Tensor }} Learned */

/** The setting of both benchmarks: crops of photographs whose contrast is normalized. */
export const setting = { kernels: 64, size: 9, lambda: 2, sigma: 2.5 }

/** Photographs whose contrast is normalized around each pixel. @returns {Promise<Tensor[]>} */
export async function normalizedPhotographs() {
  const images = await energia.photographs()
  const step = energia.localContrast({ sigma: setting.sigma })
  return Promise.all(Array.from({ length: images.count }, async (_, i) => step.apply(await images.image(i)).output))
}

/**
 * Learns from crops in the order in which they stand, batch after batch and pass after pass.
 * @param {Tensor} crops [n, h, w]
 * @param {Tensor} firstKernels [m, kh, kw]
 * @param {{ steps: number, batch: number, rate: number, inferenceSteps: number, threads: number }} options
 * @returns {Promise<{ seconds: number[], learned: Learned }>} seconds from one batch asked for to the next, and what was learned
 */
export async function trainedAutoencoder(crops, firstKernels, { steps, batch, rate, inferenceSteps, threads }) {
  const [count, ...shape] = crops.shape
  const size = crops.data.length / count
  /** @type {number[]} */
  const asked = []
  const source = {
    name: 'crops',
    shape,
    count,
    async *batches() {
      for (let at = 0; at + batch <= count; at += batch) {
        asked.push(performance.now())
        yield { shape: [batch, ...shape], data: crops.data.slice(at * size, (at + batch) * size) }
      }
    },
  }
  const model = await energia
    .convolutionalAutoEncoder({
      kernels: setting.kernels,
      size: setting.size,
      lambda: setting.lambda,
      firstKernels,
      transform: [],
      trainingSteps: steps,
      batchSize: batch,
      inferenceSteps,
      optimizer: energia.adam({ learningRate: rate }),
      runtime: { threads },
      threads,
    })
    .fit(source)
  const { kernels, parameters } = model
  const { filters, bias, gain } = parameters
  model.dispose()
  const seconds = asked.slice(1).map((time, i) => (time - asked[i]) / 1000)
  return { seconds, learned: { kernels, filters, bias, gain } }
}

const side = 512
const trainingSteps = 1000

/**
 * Learns an auto-encoder from photographs but the last, and codes the middle of the last one by its encoder and exactly.
 * @param {{ encoder: 'conv-shrink' | 'conv-lista', lista?: number, steps: number, sweeps?: number, threads: number, repeats: number }} options
 * @returns {Promise<{ encoder: number[], exact: number[], energy: number, least: number }>} seconds and energies
 */
export async function codedPhotograph({ encoder, lista, steps, sweeps = 0, threads, repeats }) {
  const images = await normalizedPhotographs()
  const photograph = images[images.length - 1]
  const others = {
    name: 'photographs',
    count: images.length - 1,
    channels: /** @type {const} */ (1),
    label: String,
    image: async (/** @type {number} */ i) => images[i],
  }
  const model = await energia
    .convolutionalAutoEncoder({
      kernels: setting.kernels,
      size: setting.size,
      lambda: setting.lambda,
      encoder,
      ...(lista === undefined ? {} : { steps: lista }),
      encoderInInference: false,
      trainingSteps,
      transform: [],
      runtime: { threads },
      threads,
    })
    .fit(others)
  const { shape, data } = photograph
  const [top, left] = [(shape[0] - side) >> 1, (shape[1] - side) >> 1]
  const middle = { shape: [1, side, side], data: new Float32Array(side * side) }
  for (let y = 0; y < side; y++) {
    const from = (top + y) * shape[1] + left
    middle.data.set(data.subarray(from, from + side), y * side)
  }
  const coder = await energia.convolutionalEncoder({
    kernels: model.kernels,
    spatial: 2,
    boundary: 'valid',
    lambda: setting.lambda,
    threads,
  })
  const alone = { shape: [side, side], data: middle.data }
  const result = { encoder: [0].slice(1), exact: [0].slice(1), energy: Number.NaN, least: Number.NaN }
  await model.encode(middle, { steps, sweeps }) // compiles the graph
  for (let repeat = 0; repeat < repeats; repeat++) {
    let start = performance.now()
    result.energy = (await model.encode(middle, { steps, sweeps })).energy[0]
    result.encoder.push((performance.now() - start) / 1000)
    if (repeat >= 3) continue
    start = performance.now()
    result.least = (await coder.encode(alone, { tolerance: 1e-3 })).energy[0]
    result.exact.push((performance.now() - start) / 1000)
  }
  coder.dispose()
  model.dispose()
  return result
}
