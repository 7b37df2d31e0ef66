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
  const optimizer = energia.sgd({ learningRate: 1e-3, momentum: 0.9 })
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
        graph = bytes instanceof Uint8Array ? bytes : energia.graph.encodeOnnx(bytes)
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

/**
 * The encoder of {@link encoder}'s problems by graphs: FISTA in ONNX Runtime.
 * @param {Tensor} atoms
 * @param {number} lambda
 * @param {number} threads
 */
export async function graphEncoder(atoms, lambda, threads) {
  const [count] = atoms.shape
  const size = atoms.data.length / count
  const weight = new Float32Array(atoms.data.length)
  for (let j = 0; j < count; j++) for (let p = 0; p < size; p++) weight[p * count + j] = atoms.data[j * size + p]
  const model = await energia
    .latentVariableModel({
      shapes: { y: size, z: count },
      decoder: energia.linear({ inputs: count, outputs: size, bias: false }),
      cost: energia.squaredError(),
      regularizer: energia.l1({ lambda }),
      runtime: { threads },
    })
    .model({ 'decoder.weight': { shape: [size, count], data: weight } })
  return {
    /** @param {Tensor} observations @param {number} [tolerance] */
    encode: async ({ shape, data }, tolerance = 1e-5) =>
      (await model.encode({ shape: [shape[0], size], data }, { tolerance })).codes,
    dispose: () => model.dispose(),
  }
}

/**
 * LISTA's training steps on codes that are given, batch after batch in the order of the rows.
 * @param {import('./listaProblem.js').ListaProblem} problem
 * @param {Tensor} targets the codes of its training patches [n, k]
 * @param {{ steps: number, batch: number, rate: number, threads: number }} options
 */
export async function listaTraining({ atoms, lambda, train }, targets, { steps, batch, rate, threads }) {
  const [count, outputs] = targets.shape
  const inputs = train.data.length / count
  const encoder = energia.listaEncoder({ inputs, outputs, steps })
  const { graph } = energia
  const training = await energia.gradientTraining({
    parameters: encoder.start(atoms, lambda),
    inputs: { y: ['n', inputs], target: ['n', outputs] },
    loss: (parameters, { y, target }) => {
      const code = encoder.apply(parameters, y)
      return graph.mul(0.5, graph.mean(graph.sumPerObservation(graph.square(graph.sub(code, target)))))
    },
    constrain: (parameters) => encoder.constrain(parameters),
    optimizer: energia.adam({ learningRate: rate }),
    runtime: await energia.runtime({ threads }),
  })
  /** @param {Tensor} tensor @param {number} size @param {number} first @returns {Tensor} */
  const rows = ({ data }, size, first) => ({
    shape: [batch, size],
    data: data.subarray(first * size, (first + batch) * size),
  })
  let seconds = 0
  return {
    /** Goes on to a number of steps; the seconds count from the start. @param {number} wanted */
    async advance(wanted) {
      const start = performance.now()
      while (training.stepsTaken < wanted) {
        const first = (training.stepsTaken % Math.floor(count / batch)) * batch
        await training.step({ y: rows(train, inputs, first), target: rows(targets, outputs, first) })
      }
      seconds += (performance.now() - start) / 1000
      const { weight, inhibition, threshold } = training.parameters()
      return { seconds, learned: { weight, inhibition, threshold } }
    },
    dispose: () => training.dispose(),
  }
}

/**
 * LISTA of K steps, trained as the library does it where only the number of training steps is said.
 * @param {import('./listaProblem.js').ListaProblem} problem
 * @param {{ steps: number, trainingSteps: number, threads: number }} options
 */
export async function trainedLista({ atoms, lambda, train }, { threads, ...options }) {
  const start = performance.now()
  const model = await energia.lista({ dictionary: atoms, lambda, threads, runtime: { threads }, ...options }).fit(train)
  return {
    seconds: (performance.now() - start) / 1000,
    /** @param {Tensor} observations */
    encode: async (observations) => (await model.encode(observations)).codes,
    dispose: () => model.dispose(),
  }
}

/**
 * A variational auto-encoder with one hidden layer each way: the seconds of each pass, and what was learned.
 * @param {Tensor} images
 * @param {{ hidden: number, latent: number, batch: number, rate: number, seed: number, threads: number, epochs: number }} options
 * @returns {Promise<{ seconds: number[], parameters: import('./autoencoder.js').Autoencoder }>}
 */
export async function autoencoder(images, { hidden, latent, batch, rate, seed, threads, epochs }) {
  const learner = energia.variationalAutoEncoder({
    latent,
    hidden: [hidden],
    batchSize: batch,
    optimizer: energia.adam({ learningRate: rate }),
    seed,
    runtime: { threads },
  })
  /** Seconds at the end of each pass. @type {number[]} */
  const ends = []
  const model = await learner.fit(images, {
    epochs,
    onProgress: ({ epoch, seconds }) => {
      if (epoch === ends.length + 1) ends.push(seconds)
    },
  })
  const { parameters } = model
  model.dispose()
  /** @param {string} name @param {number} from @param {number} to @returns {Tensor} */
  const rows = (name, from, to) => {
    const { shape, data } = parameters[name]
    const width = data.length / shape[0]
    return { shape: [to - from, ...shape.slice(1)], data: data.subarray(from * width, to * width) }
  }
  /** @param {string} name @param {number} outputs @param {number} [from] */
  const layer = (name, outputs, from = 0) => ({
    weight: rows(`${name}.weight`, from, from + outputs),
    bias: rows(`${name}.bias`, from, from + outputs),
  })
  return {
    seconds: ends.map((end, i) => end - (ends[i - 1] ?? 0)),
    parameters: {
      encoder: layer('encoder.0', hidden),
      mean: layer('encoder.1', latent),
      logVariance: layer('encoder.1', latent, latent),
      decoder: layer('decoder.0', hidden),
      pixels: layer('decoder.1', images.data.length / images.shape[0]),
    },
  }
}
