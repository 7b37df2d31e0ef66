import { decibels } from '../lib/convolutionalObjective.js'
import { greyImages } from '../lib/convolutionalProblems.js'
import { normals } from '../lib/data.js'
import { denoised } from '../lib/oursConvolutional.js'
import { median, timing } from '../lib/statistics.js'

/** Standard deviation of the noise, for pixels of 8 bits. */
const sigma = 25

/** How ours goes about it. */
const ways = /** @type {const} */ ([
  { title: 'patches, learned on the image', method: 'patches', dictionary: 'itself' },
  { title: 'patches, learned on photographs', method: 'patches', dictionary: 'photographs' },
  { title: 'convolutional, learned on photographs', method: 'convolutional', dictionary: 'photographs' },
])

/**
 * K-SVD with a dictionary learned on the image, in dB: Elad and Aharon, "Image denoising via sparse and redundant representations over
 * learned dictionaries", IEEE Transactions on Image Processing 15(12), 2006.
 * @type {Record<string, number | undefined>}
 */
const published = { house: 32.15 }

/** White noise of σ = 25 taken out of house and cameraman: PSNR in dB, each repeat with other noise. @type {import('../run.js').Benchmark} */
export async function denoise(job) {
  const { threads, repeats, say } = job
  const threadCount = Math.max(...threads)
  const cases = []
  for (const { name, image } of await greyImages(job)) {
    for (const { title, method, dictionary } of ways) {
      const seconds = []
      const levels = []
      const noisyLevels = []
      for (let repeat = 0; repeat < repeats; repeat++) {
        say(`${name}, ${title}: repeat ${repeat + 1} of ${repeats}`)
        const normal = normals(100 + repeat)
        const noisy = { shape: image.shape, data: image.data.map((value) => value + (sigma / 255) * normal()) }
        const start = performance.now()
        const clean = await denoised(noisy, { sigma: sigma / 255, method, dictionary, threads: threadCount })
        seconds.push((performance.now() - start) / 1000)
        levels.push(decibels(image.data, clean.data))
        noisyLevels.push(decibels(image.data, noisy.data))
      }
      const psnr = median(levels)
      const ksvd = dictionary === 'itself' ? published[name] : undefined
      cases.push({
        case: `${name}, ${title}`,
        sigma,
        noisy: median(noisyLevels),
        ours: {
          ...timing(seconds),
          objective: squaredError(psnr),
          threads: threadCount,
          psnr,
          levels,
          note: `${psnr.toFixed(2)} dB (${Math.min(...levels).toFixed(2)} – ${Math.max(...levels).toFixed(2)})`,
        },
        peers:
          ksvd === undefined
            ? []
            : [
                {
                  name: 'K-SVD',
                  version: '2006',
                  seconds: Number.NaN,
                  min: Number.NaN,
                  max: Number.NaN,
                  repeats: 0,
                  objective: squaredError(ksvd),
                  threads: 1,
                  ratio: null,
                  flag: 'published',
                  note: `${ksvd.toFixed(2)} dB`,
                },
              ],
      })
    }
  }
  return { data: job.images ? 'house and cameraman' : 'two embedded photographs, 256×256', cases }
}

/** The mean squared error of pixels in [0, 1] that a PSNR stands for. @param {number} level */
const squaredError = (level) => 10 ** (-level / 10)
