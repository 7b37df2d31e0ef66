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
 * Learns a dictionary in a budget of batches (counted across passes), passes or seconds.
 * @param {Tensor | Observations} data
 * @param {{ atoms: number, lambda: number, threads: number, seed?: number, batches?: number, epochs?: number, seconds?: number }} options
 * @returns {Promise<{ seconds: number, atoms: Tensor }>} wall seconds of `fit`
 */
export async function learn(data, { batches, epochs, seconds, ...options }) {
  const learner = energia.sparseCoding({ seed: 0, ...options })
  const source =
    batches === undefined ? data : firstBatches('batches' in data ? data : energia.fromTensor(data), batches)
  const start = performance.now()
  const model = await learner.fit(source, seconds === undefined ? { epochs: epochs ?? 1 } : { seconds })
  return { seconds: (performance.now() - start) / 1000, atoms: model.atoms }
}

/**
 * A source that ends after a number of batches, pass after pass of the given one: a budget that is the same work every time.
 * @param {Observations} source
 * @param {number} limit
 * @returns {Observations}
 */
function firstBatches(source, limit) {
  return {
    name: source.name,
    shape: source.shape,
    count: undefined,
    async *batches(pass) {
      let left = limit
      for (let epoch = 0; left > 0; epoch++) {
        for await (const batch of source.batches({ ...pass, epoch })) {
          yield batch
          if (--left === 0) return
        }
      }
    },
  }
}

/**
 * A training step as small as they come: 4 → 3 → 2 with tanh, squared errors, Adam. `graph` is what is compiled for it, and
 * `state` what it starts from.
 */
export async function tinyTraining() {
  const runtime = await energia.runtime({ threads: 1 })
  const network = energia.mlp({ inputs: 4, hidden: [3], outputs: 2, activation: 'tanh' })
  const cost = energia.squaredError()
  const parameters = network.init(energia.rng(0))
  const optimizer = energia.adam()
  /** @type {Uint8Array} */
  let graph = new Uint8Array()
  const training = await energia.gradientTraining({
    parameters,
    inputs: { x: ['n', 4], y: ['n', 2] },
    loss: (p, { x, y }) => energia.graph.mean(cost.value(y, network.apply(p, x))),
    optimizer,
    runtime: {
      ...runtime,
      compile(bytes, options) {
        graph = bytes
        return runtime.compile(bytes, options)
      },
    },
  })
  return {
    graph,
    state: { ...parameters, ...optimizer.init(parameters) },
    /** @param {Readonly<Record<string, Tensor>>} inputs */
    step: (inputs) => training.step(inputs),
    dispose: () => training.dispose(),
  }
}
