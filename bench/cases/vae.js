import { autoencoderLoss } from '../lib/autoencoder.js'
import { embeddedDigits, mnist } from '../lib/data.js'
import { autoencoder } from '../lib/ours.js'
import { timing } from '../lib/statistics.js'

/** @typedef {import('../lib/objective.js').Tensor} Tensor */

const epochs = 10
/** Passes a turn. */
const turn = 2
const settings = { hidden: 400, latent: 20, batch: 128, rate: 1e-3, seed: 0 }
/** Losses after sampling count as equal up to this relative difference. */
const equalLoss = 0.01

const contenders = [
  { name: 'eager', learner: 'autoencoder' },
  { name: 'compiled', learner: 'autoencoder-compiled' },
]

/**
 * A pass over the digits by the variational auto-encoder 784-400-20-400-784, Adam 1e-3, batch 128, real-valued pixels. Ours and the
 * peers take turns of two passes; the peers go on, ours starts anew, and once goes all ten, which the peers do in the end. The objective
 * is the test loss an image after ten passes, with a sampled code. @type {import('../run.js').Benchmark}
 */
export async function vae({ folder, threads, peers, say }) {
  const { train, test } = folder ? await mnist(folder) : await embeddedDigits()
  const threadCount = Math.max(...threads)
  const options = { ...settings, threads: threadCount }
  say('energia: ten passes')
  const whole = await autoencoder(train, { ...options, epochs })
  const loss = autoencoderLoss(test, whole.parameters)
  say(`energia: test loss ${loss.toFixed(2)}`)
  const seconds = [...whole.seconds]
  await peers?.load('images', train)
  const theirs = peers ? await startAll(peers, threadCount, say) : []
  for (let done = 0; done < (theirs.length > 0 ? epochs : 0); done += turn) {
    say(`passes ${done + 1} and ${done + turn} of ${epochs}`)
    for (const peer of theirs)
      for (let i = 0; i < turn; i++) await peer.epoch(Math.ceil(train.shape[0] / settings.batch))
    seconds.push(...(await autoencoder(train, { ...options, epochs: turn })).seconds)
  }
  const our = { ...timing(seconds), objective: loss, threads: threadCount, passes: seconds }
  return {
    data: folder ? 'MNIST' : 'embedded digits: 9,000 to learn from, 1,000 held out',
    settings,
    cases: [
      {
        case: `a pass over ${train.shape[0].toLocaleString('en')} digits`,
        ours: our,
        peers: theirs.map(({ name, version, seconds, parameters }) => {
          const objective = autoencoderLoss(test, parameters())
          const difference = objective / our.objective - 1
          const equal = Math.abs(difference) <= equalLoss
          const spread = timing(seconds)
          return {
            name,
            version,
            ...spread,
            objective,
            difference,
            threads: threadCount,
            ratio: equal ? spread.seconds / our.seconds : null,
            ...(equal ? {} : { flag: `test loss differs by ${(difference * 100).toFixed(1)} %` }),
          }
        }),
      },
    ],
  }
}

/**
 * The peers that start here; PyTorch's compiler needs a C++ compiler, and is left out with a word where there is none.
 * @param {import('../lib/peers.js').Peers} peers
 * @param {number} threads
 * @param {(line: string) => void} say
 */
async function startAll(peers, threads, say) {
  const { hidden, latent, batch, rate, seed } = settings
  const started = []
  for (const { name, learner } of contenders) {
    try {
      await peers.learn(learner, { observations: 'images' }, { hidden, latent, batch, rate, seed, threads })
    } catch (error) {
      say(`PyTorch, ${name}, is left out: ${error instanceof Error ? error.message : error}`)
      continue
    }
    let steps = 0
    let before = 0
    /** @type {number[]} */
    const seconds = []
    /** @type {Record<string, Tensor>} */
    let learned = {}
    started.push({
      name: `PyTorch, ${name}`,
      version: peers.hello.versions.PyTorch,
      seconds,
      parameters: () => parametersOf(learned),
      /** @param {number} more */
      async epoch(more) {
        steps += more
        const answer = await peers.advance(learner, steps)
        seconds.push(answer.seconds - before)
        before = answer.seconds
        learned = answer.learned
      },
    })
  }
  return started
}

/**
 * The peer's parameters as the judge wants them: mean and log-variance are the halves of one layer there.
 * @param {Record<string, Tensor>} learned
 * @returns {import('../lib/autoencoder.js').Autoencoder}
 */
function parametersOf(learned) {
  /** @param {string} name */
  const layer = (name) => ({ weight: learned[`${name}.weight`], bias: learned[`${name}.bias`] })
  /** @param {Tensor} tensor @param {0 | 1} which @returns {Tensor} */
  const half = ({ shape: [count, ...rest], data }, which) => ({
    shape: [count / 2, ...rest],
    data: data.subarray((which * data.length) / 2, ((which + 1) * data.length) / 2),
  })
  const heads = layer('heads')
  /** @param {0 | 1} which */
  const head = (which) => ({ weight: half(heads.weight, which), bias: half(heads.bias, which) })
  return {
    encoder: layer('encoder'),
    mean: head(0),
    logVariance: head(1),
    decoder: layer('decoder'),
    pixels: layer('pixels'),
  }
}
