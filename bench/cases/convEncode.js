import { codedPhotograph } from '../lib/oursAutoencoder.js'
import { timing } from '../lib/statistics.js'

/** Encoders that are measured, with the proximal gradient steps and the sweeps over what is not zero after their guess. */
const encoders = /** @type {const} */ ([
  { name: 'conv-shrink', encoder: 'conv-shrink', steps: 0 },
  { name: 'conv-shrink, 3 sweeps', encoder: 'conv-shrink', steps: 0, sweeps: 3 },
  { name: 'conv-lista, K = 3', encoder: 'conv-lista', lista: 3, steps: 0 },
  { name: 'conv-lista, K = 3, 3 sweeps', encoder: 'conv-lista', lista: 3, steps: 0, sweeps: 3 },
  { name: 'conv-lista, K = 3, 10 steps', encoder: 'conv-lista', lista: 3, steps: 10 },
])

/**
 * Seconds for the code of a photograph of 512×512 by trained encoders, and by the exact solver to a relative gap of 10⁻³ for the same kernels;
 * the objective is the energy of the code. A ratio is the exact solver's seconds over the encoder's. @type {import('../run.js').Benchmark}
 */
export async function convEncode({ threads, repeats, say }) {
  const cases = []
  for (const threadCount of threads.slice(-1)) {
    for (const { name, ...options } of encoders) {
      say(`${name}: learning, then coding`)
      const { encoder, exact, energy, least } = await codedPhotograph({ ...options, threads: threadCount, repeats })
      const [ours, theirs] = [timing(encoder), timing(exact)]
      cases.push({
        case: name,
        ours: {
          ...ours,
          objective: energy,
          threads: threadCount,
          note: `energy ${((energy / least - 1) * 100).toFixed(1)} % above`,
        },
        peers: [
          {
            name: 'exact solver',
            version: '',
            ...theirs,
            objective: least,
            threads: threadCount,
            ratio: theirs.seconds / ours.seconds,
          },
        ],
      })
    }
  }
  return { data: 'an embedded photograph, 512×512, local contrast normalized', cases }
}
