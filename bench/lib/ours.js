/** Everything the benchmarks ask of the library, in one place. */
import * as energia from 'energia'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {import('./objective.js').Codes} Codes */
/** @typedef {import('energia').Observations} Observations */

/** The embedded digits. @returns {Promise<Tensor>} [10000, 28, 28] */
export async function digits() {
  return (await energia.digits()).observations
}

/** The embedded photographs, grey, in [0, 1]. @returns {Promise<Tensor[]>} */
export async function photographs() {
  const images = await energia.photographs()
  return Promise.all(Array.from({ length: images.count }, (_, i) => images.image(i)))
}

/**
 * An encoder that holds its dictionary.
 * @param {Tensor} atoms
 * @param {number} lambda
 * @param {number} threads
 * @returns {Promise<{ encode(observations: Tensor, tolerance?: number): Promise<Codes>, dispose(): void }>}
 */
export async function encoder(atoms, lambda, threads) {
  const coder = await energia.linearEncoder({ atoms, regularizer: energia.l1({ lambda }), threads })
  return {
    encode: async (observations, tolerance = 1e-6) => (await coder.encode(observations, { tolerance })).codes,
    dispose: () => coder.dispose(),
  }
}

/**
 * Learns a dictionary in a budget of steps, epochs or seconds.
 * @param {Tensor | Observations} observations
 * @param {{ atoms: number, lambda: number, threads: number, seed?: number, batchSize?: number, steps?: number, epochs?: number, seconds?: number }} options
 * @returns {Promise<{ seconds: number, steps: number, atoms: Tensor }>} wall seconds of `fit`
 */
export async function learn(
  observations,
  { steps = Number.POSITIVE_INFINITY, epochs, seconds, batchSize = 512, ...options },
) {
  const budget = epochs ? { epochs } : { seconds: seconds ?? 3600 }
  const stop = new AbortController()
  let taken = 0
  const start = performance.now()
  const model = await energia.sparseCoding({ seed: 0, ...options }).fit(observations, {
    ...budget,
    batchSize,
    signal: stop.signal,
    onProgress: (progress) => {
      taken = progress.step
      if (taken >= steps) stop.abort()
    },
  })
  return { seconds: (performance.now() - start) / 1000, steps: taken, atoms: model.atoms }
}
