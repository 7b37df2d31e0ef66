import { cachedAtoms } from '../lib/cache.js'
import { compareEncoders } from '../lib/compareEncoders.js'
import { mnist } from '../lib/data.js'
import { encoderContenders } from '../lib/encoderContenders.js'
import { digits, learn } from '../lib/ours.js'

const atomCount = 256
const lambda = 1

/** Codes of 10,000 digits (MNIST's test set where a folder is given, else the embedded ones) over 256 strokes, λ = 1. @type {import('../run.js').Benchmark} */
export async function encodeDigits({ folder, ...job }) {
  const embedded = await digits()
  const observations = folder ? (await mnist(folder)).test : embedded
  const recipe = { data: 'embedded digits', atomCount, lambda, epochs: 10, seed: 0 }
  const atoms = await cachedAtoms('digits', recipe, async () => {
    job.say('Learning the dictionary (once) …')
    return (
      await learn(embedded, { atoms: atomCount, lambda, epochs: recipe.epochs, threads: Math.max(...job.threads) })
    ).atoms
  })
  const data = folder ? 'MNIST test set' : 'embedded digits'
  return { data, cases: await compareEncoders({ ...job, observations, atoms, lambda, contenders: encoderContenders }) }
}
