import { tinyTraining } from '../lib/ours.js'
import { median, rest, timing } from '../lib/statistics.js'

/** Steps that are timed together. */
const block = 1000
const batch = 8

/**
 * What our training step adds to ONNX Runtime's own run of the same graph: a tiny model, steps in blocks, ours and a bare session
 * in alternation. The bare session gets its tensors, made beforehand, in two sets that take turns, too. @type {import('../run.js').Benchmark}
 */
export async function graphOverhead({ repeats, say }) {
  const inputs = {
    x: { shape: [batch, 4], data: Float32Array.from({ length: batch * 4 }, (_, i) => Math.sin(i)) },
    y: { shape: [batch, 2], data: Float32Array.from({ length: batch * 2 }, (_, i) => Math.cos(i)) },
  }
  const { default: ort } = await import('onnxruntime-node')
  const training = await tinyTraining()
  const bare = await bareTraining(ort, training.graph, training.state, inputs)
  /** @type {number[]} */
  const ours = []
  /** @type {number[]} */
  const theirs = []
  let objective = Number.NaN
  for (let repeat = 0; repeat <= repeats; repeat++) {
    say(repeat === 0 ? 'warming up' : `repeat ${repeat} of ${repeats}`)
    await rest(20)
    let start = performance.now()
    for (let step = 0; step < block; step++) objective = (await training.step(inputs)).loss
    const our = (performance.now() - start) / 1000 / block
    await rest(20)
    start = performance.now()
    for (let step = 0; step < block; step++) await bare.step()
    const their = (performance.now() - start) / 1000 / block
    if (repeat === 0) continue
    ours.push(our)
    theirs.push(their)
  }
  const difference = bare.loss() / objective - 1
  const beyond = median(ours.map((seconds, i) => seconds - theirs[i]))
  training.dispose()
  await bare.release()
  const [our, their] = [timing(ours), timing(theirs)]
  return {
    data: `a batch of ${batch}, 4 → 3 → 2, gradient steps with momentum (all of the step in the graph); a time is a step, the mean of ${block}`,
    beyond,
    cases: [
      {
        case: 'tiny step',
        ours: { ...our, objective, threads: 1, note: `${(beyond * 1e6).toFixed(1)} µs beyond the bare run` },
        peers: [
          {
            name: 'ONNX Runtime, bare session',
            version: ort.env.versions.node ?? ort.env.versions.common,
            ...their,
            objective: bare.loss(),
            difference,
            threads: 1,
            ratio: their.seconds / our.seconds,
          },
        ],
      },
    ],
  }
}

/**
 * The graph's step with nothing around it: results lie in memory given beforehand, and what was written is read next.
 * @param {typeof import('onnxruntime-node')} ort
 * @param {Uint8Array} graph inputs: the state by its names, the batch and `step`; outputs: the state as `next.NAME`, and scalars
 * @param {Readonly<Record<string, import('../lib/objective.js').Tensor>>} state
 * @param {Readonly<Record<string, import('../lib/objective.js').Tensor>>} inputs
 */
async function bareTraining(ort, graph, state, inputs) {
  const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: 1, interOpNumThreads: 1 })
  /** @param {import('../lib/objective.js').Tensor} tensor */
  const copied = ({ shape, data }) => new ort.Tensor('float32', data.slice(), shape)
  /** @param {Readonly<Record<string, import('../lib/objective.js').Tensor>>} tensors */
  const copies = (tensors) => Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, copied(each)]))
  const sets = [copies(state), copies(state)]
  const count = new Float64Array(1)
  const batchAndStep = { ...copies(inputs), step: new ort.Tensor('float64', count, []) }
  const scalars = Object.fromEntries(
    session.outputNames
      .filter((name) => !name.startsWith('next.'))
      .map((name) => [name, new ort.Tensor('float32', new Float32Array(1), [])]),
  )
  const feeds = sets.map((set) => ({ ...set, ...batchAndStep }))
  const fetches = sets.map((set) => ({
    ...Object.fromEntries(Object.entries(set).map(([name, each]) => [`next.${name}`, each])),
    ...scalars,
  }))
  return {
    async step() {
      const current = count[0] % 2
      await session.run(feeds[current], fetches[1 - current])
      count[0]++
    },
    loss: () => Number(scalars.loss.data[0]),
    release: () => session.release(),
  }
}
