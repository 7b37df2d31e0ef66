import { ConfigurationError, denoise as denoised, rng } from '../../src/index.js'
import type { DenoiseCommandOptions } from '../commands/denoise.js'
import { given } from '../given.js'
import type { Session } from '../session.js'
import {
  checkResults,
  finishRestoration,
  LEVELS,
  openClean,
  openImage,
  restorationOptions,
  type Trial,
} from './restoration.js'

/** `energia denoise`. */
export async function denoise(session: Session, options: DenoiseCommandOptions, source: string): Promise<void> {
  const { addNoise, sigma = addNoise, clean, out } = options
  if (addNoise !== undefined && clean !== undefined) {
    throw new ConfigurationError('With --add-noise the image itself is the reference; leave --clean out.')
  }
  await checkResults(options, source, options.dictionary)
  const trial = await trialOf(source, options)
  const settings = await restorationOptions(options, session)
  session.event('start', { command: 'denoise', image: source, shape: trial.degraded.shape, ...given({ sigma }), out })
  const restored = await denoised(trial.degraded, {
    ...settings,
    ...given({ sigma: sigma === undefined ? undefined : sigma / LEVELS }),
  })
  await finishRestoration(session, options, trial, restored, { method: settings.method, degradedAs: 'noisy' })
}

async function trialOf(source: string, options: DenoiseCommandOptions): Promise<Trial> {
  const image = await openImage(source, options)
  if (options.addNoise === undefined) return { degraded: image, clean: await openClean(image, options) }
  const random = rng(options.seed, 1)
  const deviation = options.addNoise / LEVELS
  const degraded = { shape: image.shape, data: image.data.map((value) => value + deviation * random.normal()) }
  return { degraded, clean: image }
}
