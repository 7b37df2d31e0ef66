import { energyAtGuess } from '../lib/convolutionalAutoencoder.js'
import { normals } from '../lib/data.js'
import { normalizedPhotographs, setting, trainedAutoencoder } from '../lib/oursAutoencoder.js'
import { rest, timing } from '../lib/statistics.js'

const side = 25
const batch = 16
const batches = 25
/** Steps that are timed together. */
const block = 25
const settings = { batch, rate: 1e-3, inferenceSteps: 12 }
/** Energies after the same steps count as equal up to this relative difference. */
const equalEnergy = 0.01

const contenders = [
  { name: 'eager', learner: 'conv-autoencoder' },
  { name: 'compiled', learner: 'conv-autoencoder-compiled' },
]

/**
 * Seconds of a training step of the convolutional sparse auto-encoder: 16 crops of 25×25 of photographs, 64 kernels of 9×9, codes by 12 steps
 * of FISTA, Adam 1e-3; the same kernels, filters and crops in the same order for all. The objective is the energy of the first crops at
 * the encoder's code after the first 25 steps. @type {import('../run.js').Benchmark}
 */
export async function convAutoencoder({ threads, peers, repeats, say }) {
  const crops = cropsOf(await normalizedPhotographs(), batch * batches)
  const judged = { shape: [batch, side, side], data: crops.data.subarray(0, batch * side * side) }
  const first = firstKernels()
  const { kernels, filters } = (
    await trainedAutoencoder(crops, first, { ...settings, steps: 1, rate: 1e-12, threads: 1 })
  ).learned
  await peers?.load('crops', crops, { whole: true })
  await peers?.load('kernels', { shape: first.shape, data: kernels.data }, { whole: true })
  await peers?.load('filters', { shape: first.shape, data: filters.data }, { whole: true })
  const cases = []
  for (const threadCount of threads) {
    const title = `a step of ${batch} crops, ${threadCount} ${threadCount === 1 ? 'thread' : 'threads'}`
    const theirs = peers ? await startAll(peers, threadCount, say) : []
    /** @type {number[]} */
    const seconds = []
    let objective = Number.NaN
    for (let repeat = 1; repeat <= repeats; repeat++) {
      say(`${title}: turn ${repeat} of ${repeats}`)
      await rest(20)
      const { seconds: each } = await trainedAutoencoder(crops, first, {
        ...settings,
        steps: block + 1,
        threads: threadCount,
      })
      // The first step waits for the graph to settle; the last one of the source has no next.
      seconds.push(mean(each.slice(1)))
      if (repeat === 1) {
        const { learned: after } = await trainedAutoencoder(crops, first, {
          ...settings,
          steps: block,
          threads: threadCount,
        })
        objective = energyAtGuess(judged, after, setting.lambda)
      }
      for (const peer of theirs) await peer.take(repeat, judged)
    }
    cases.push({
      case: title,
      ours: { ...timing(seconds), objective, threads: threadCount },
      peers: theirs.map(({ name, version, seconds: taken, energy }) => {
        const row = { name, version, ...timing(taken), objective: energy(), threads: threadCount }
        const difference = row.objective / objective - 1
        const equal = Math.abs(difference) <= equalEnergy
        return {
          ...row,
          difference,
          ratio: equal ? row.seconds / timing(seconds).seconds : null,
          ...(equal ? {} : { flag: `energy differs by ${(difference * 100).toFixed(1)} %` }),
        }
      }),
    })
  }
  return { data: 'embedded photographs, local contrast normalized', settings: { ...setting, ...settings }, cases }
}

/** @param {readonly number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Crops at places spread over the photographs. @param {readonly import('../lib/objective.js').Tensor[]} images @param {number} count */
function cropsOf(images, count) {
  const data = new Float32Array(count * side * side)
  for (let i = 0; i < count; i++) {
    const { shape, data: pixels } = images[i % images.length]
    const [height, width] = shape
    const top = Math.floor(((i * 0.618034) % 1) * (height - side))
    const left = Math.floor(((i * 0.754878) % 1) * (width - side))
    for (let y = 0; y < side; y++) {
      const from = (top + y) * width + left
      data.set(pixels.subarray(from, from + side), (i * side + y) * side)
    }
  }
  return { shape: [count, side, side], data }
}

/** Noise of norm 1, the same for all. */
function firstKernels() {
  const { kernels, size } = setting
  const normal = normals(3)
  const data = Float32Array.from({ length: kernels * size * size }, () => normal())
  for (let k = 0; k < kernels; k++) {
    const kernel = data.subarray(k * size * size, (k + 1) * size * size)
    const norm = Math.hypot(...kernel)
    for (let p = 0; p < kernel.length; p++) kernel[p] /= norm
  }
  return { shape: [kernels, size, size], data }
}

/**
 * The peers that start here; PyTorch's compiler needs a C++ compiler, and is left out with a word where there is none.
 * @param {import('../lib/peers.js').Peers} peers
 * @param {number} threads
 * @param {(line: string) => void} say
 */
async function startAll(peers, threads, say) {
  const started = []
  for (const { name, learner } of contenders) {
    try {
      const data = { crops: 'crops', kernels: 'kernels', filters: 'filters' }
      await peers.learn(learner, data, {
        penalty: setting.lambda,
        inference_steps: settings.inferenceSteps,
        batch,
        rate: settings.rate,
        threads,
      })
    } catch (error) {
      say(`PyTorch, ${name}, is left out: ${error instanceof Error ? error.message : error}`)
      continue
    }
    let [before, energy] = [0, Number.NaN]
    /** @type {number[]} */
    const seconds = []
    started.push({
      name: `PyTorch, ${name}`,
      version: peers.hello.versions.PyTorch,
      seconds,
      energy: () => energy,
      /** @param {number} repeat from 1 @param {import('../lib/objective.js').Tensor} judged */
      async take(repeat, judged) {
        await rest(20)
        const answer = await peers.advance(learner, repeat * block)
        seconds.push((answer.seconds - before) / block)
        before = answer.seconds
        if (repeat === 1) {
          const learned = /** @type {import('../lib/oursAutoencoder.js').Learned & typeof answer.learned} */ (
            answer.learned
          )
          energy = energyAtGuess(judged, learned, setting.lambda)
        }
      },
    })
  }
  return started
}
