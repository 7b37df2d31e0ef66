import { ConfigurationError, inpaint as inpainted, rng, type Tensor } from '../../src/index.js'
import type { InpaintCommandOptions } from '../commands/inpaint.js'
import { given } from '../given.js'
import type { Session } from '../session.js'
import { readMasks } from './readMasks.js'
import { checkResults, finishRestoration, LEVELS, openClean, openImage, restorationOptions } from './restoration.js'

/** `energia inpaint`. */
export async function inpaint(session: Session, options: InpaintCommandOptions, source: string): Promise<void> {
  const { mask: maskFile, missing, sigma, passes, out } = options
  if ((maskFile === undefined) === (missing === undefined)) {
    throw new ConfigurationError('Say what is missing: --mask with a file, or --missing with a share for a trial.')
  }
  if (missing !== undefined && options.clean !== undefined) {
    throw new ConfigurationError('With --missing the image itself is the reference; leave --clean out.')
  }
  await checkResults(options, source, maskFile, options.dictionary)
  const image = await openImage(source, options)
  const mask = maskFile === undefined ? randomMask(image, missing!, options.seed) : await maskOf(maskFile, image) // one of both is there
  const clean = missing === undefined ? await openClean(image, options) : image
  const settings = await restorationOptions(options, session)
  session.event('start', { command: 'inpaint', image: source, shape: image.shape, missing: missingShare(mask), out })
  const restored = await inpainted(image, mask, {
    ...settings,
    ...given({ passes, sigma: sigma === undefined ? undefined : sigma / LEVELS }),
  })
  await finishRestoration(session, options, { degraded: hidden(image, mask), clean }, restored, {
    method: settings.method,
    degradedAs: 'incomplete',
  })
}

/** The one mask of a file. */
async function maskOf(file: string, { shape }: Tensor): Promise<Tensor> {
  const { masks } = (await readMasks(file, 2))({ name: 'the image', spatial: 2, channels: shape[2] })
  if (typeof masks === 'function')
    throw new ConfigurationError(`${file} holds several masks; give one, for the one image.`)
  return masks
}

/** [h, w], each pixel missing with the probability `missing`. */
function randomMask({ shape: [height, width] }: Tensor, missing: number, seed: number): Tensor {
  const random = rng(seed, 2)
  const data = Float32Array.from({ length: height * width }, () => (random.uniform() < missing ? 0 : 1))
  return { shape: [height, width], data }
}

const missingShare = ({ data }: Tensor): number => data.reduce((sum, value) => sum + (1 - value), 0) / data.length

/** The image, black where it is missing. */
function hidden(image: Tensor, mask: Tensor): Tensor {
  const each = image.data.length / mask.data.length
  return { shape: image.shape, data: image.data.map((value, at) => value * mask.data[Math.floor(at / each)]) }
}
