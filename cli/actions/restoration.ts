import { extname } from 'node:path'
import {
  beforeAfter,
  ConfigurationError,
  type DictionaryChoice,
  formatNumber,
  formatShape,
  formatShare,
  loadModel,
  namedSources,
  openSource,
  type Panel,
  psnr,
  type Restoration,
  type RestorationOptions,
  ShapeError,
  type Tensor,
  toPng,
  writeNpy,
} from '../../src/index.js'
import type { RestorationCommandOptions } from '../commands/restoration.js'
import { given } from '../given.js'
import type { Row } from '../models/model.js'
import type { Session } from '../session.js'
import { checkApart, checkOutputFile, writeOutput } from './outputs.js'
import { asPicture } from './pictures.js'
import { duration, numberTable } from './text.js'

/** Levels of 8 bits, in which people state noise. */
export const LEVELS = 255

/** An image to restore, with what it should become where that is known. */
export interface Trial {
  readonly degraded: Tensor
  readonly clean: Tensor | undefined
}

/** Checks before any work that results can be written: not over what is read, and not over each other. */
export async function checkResults(
  { out, picture, overwrite, clean }: RestorationCommandOptions,
  ...inputs: (string | undefined)[]
): Promise<void> {
  if (!['.png', '.npy'].includes(extname(out).toLowerCase())) {
    throw new ConfigurationError(`--out takes a name that ends in .png or .npy; got ${out}.`)
  }
  if (picture !== undefined && extname(picture).toLowerCase() !== '.png') {
    throw new ConfigurationError(`--picture takes a name that ends in .png; got ${picture}.`)
  }
  if (picture === out) throw new ConfigurationError(`--picture and --out are both ${out}; give two names.`)
  for (const path of picture === undefined ? [out] : [out, picture]) {
    for (const input of [...inputs, clean]) await checkApart(path, input)
    await checkOutputFile(path, overwrite)
  }
}

/** The image that was asked for: in colour where it has colours. */
export async function openImage(source: string, options: RestorationCommandOptions): Promise<Tensor> {
  const colour = options.grey !== true && !(source in namedSources)
  const opened = await openSource(source, { colour, seed: options.seed })
  if (opened.kind !== 'images') {
    throw new ConfigurationError(`${source} holds observations, not images; give a PNG, JPEG, WebP or TIFF file.`)
  }
  const { images } = opened
  const { image: number = 0 } = options
  if (options.image === undefined && images.count > 1) {
    throw new ConfigurationError(
      `${source} holds ${images.count} images; say which with --image, 0 to ${images.count - 1}.`,
    )
  }
  if (number >= images.count) {
    throw new ConfigurationError(
      `${source} holds ${images.count === 1 ? 'one image, number 0' : `${images.count} images, 0 to ${images.count - 1}`}; --image ${number} is none of them.`,
    )
  }
  return cropped(greyWhereGrey(await images.image(number)), options.crop, source)
}

/** One channel where all are alike. */
function greyWhereGrey(image: Tensor): Tensor {
  const [height, width, channels = 1] = image.shape
  const { data } = image
  if (channels === 1 || data.some((value, at) => value !== data[at - (at % channels)])) return image
  return { shape: [height, width], data: data.filter((_, at) => at % channels === 0) }
}

/** The middle of an image. */
function cropped(image: Tensor, crop: readonly [number, number] | undefined, source: string): Tensor {
  if (crop === undefined) return image
  const [height, width, ...channels] = image.shape
  if (crop[0] > height || crop[1] > width) {
    throw new ConfigurationError(
      `${source} has ${formatShape([height, width])} pixels, fewer than --crop ${formatShape(crop)}.`,
    )
  }
  const [top, left] = [Math.floor((height - crop[0]) / 2), Math.floor((width - crop[1]) / 2)]
  const depth = channels[0] ?? 1
  const data = new Float32Array(crop[0] * crop[1] * depth)
  for (let y = 0; y < crop[0]; y++) {
    const from = ((top + y) * width + left) * depth
    data.set(image.data.subarray(from, from + crop[1] * depth), y * crop[1] * depth)
  }
  return { shape: [...crop, ...channels], data }
}

/** The reference, where one is given. Throws ShapeError where it is another image's. */
export async function openClean(image: Tensor, options: RestorationCommandOptions): Promise<Tensor | undefined> {
  if (options.clean === undefined) return undefined
  const { image: _, ...rest } = options
  const clean = await openImage(options.clean, rest)
  if (formatShape(clean.shape) !== formatShape(image.shape)) {
    throw new ShapeError(
      `--clean ${options.clean} is of ${formatShape(clean.shape)}, and the image of ${formatShape(image.shape)}; give the same picture (or --grey).`,
    )
  }
  return clean
}

/** What the library is told, whatever is restored. */
export async function restorationOptions(
  options: RestorationCommandOptions,
  session: Session,
): Promise<RestorationOptions> {
  const { method, patch, atoms, codes, lambda, seed } = options
  const dictionary = await dictionaryOf(options.dictionary)
  const own = typeof dictionary === 'object' && 'kind' in dictionary && dictionary.kind === 'conv-sparse-coding'
  return {
    ...given({ patch, atoms, codes, lambda, method: method ?? (own ? 'convolutional' : undefined) }),
    dictionary,
    seed,
    ...session.threads,
    signal: session.signal,
    onProgress: (progress) => {
      const { stage, fraction, seconds } = progress
      const left = fraction > 0.05 && fraction < 1 ? `, ${duration((seconds / fraction) * (1 - fraction))} left` : ''
      session.progress(
        'progress',
        progress,
        `${String(Math.floor(100 * fraction)).padStart(3)} %  ${stage}  ${duration(seconds)}${left}`,
      )
    },
  }
}

async function dictionaryOf(name: string): Promise<DictionaryChoice> {
  if (name === 'itself' || name === 'photographs') return name
  const model = await loadModel(name)
  if (model.kind === 'sparse-coding' || model.kind === 'conv-sparse-coding') return model
  model.dispose()
  throw new ConfigurationError(
    `${name} holds a model of ${model.kind}; a restoration needs one of sparse-coding or conv-sparse-coding, or --dictionary itself or photographs.`,
  )
}

/** Writes what was restored, by `method`, and says how good it is; `degradedAs` names what came in. */
export async function finishRestoration(
  session: Session,
  options: RestorationCommandOptions,
  { degraded, clean }: Trial,
  restored: Restoration,
  { method, degradedAs }: { readonly method: RestorationOptions['method']; readonly degradedAs: string },
): Promise<void> {
  const { out, picture } = options
  const { picture: drawn } = asPicture(restored.image, 'unit')
  await writeOutput(out, out.toLowerCase().endsWith('.npy') ? writeNpy(restored.image) : await toPng(drawn))
  const clipped = (image: Tensor): Tensor => ({
    shape: image.shape,
    data: image.data.map((value) => Math.max(0, Math.min(1, value))),
  })
  const before = clean && psnr(clean, clipped(degraded))
  const after = clean && psnr(clean, clipped(restored.image))
  if (picture !== undefined) {
    const detail = (value: number | undefined) =>
      given({ detail: value === undefined ? undefined : `${value.toFixed(2)} dB` })
    const panels: Panel[] = [
      ...(clean ? [{ image: clean, label: 'original' }] : []),
      { image: degraded, label: degradedAs, ...detail(before) },
      { image: restored.image, label: 'restored', ...detail(after) },
    ]
    await writeOutput(picture, await toPng(beforeAfter(panels)))
  }
  const [count, ...atom] = restored.dictionary.shape
  const sigma = restored.sigma * LEVELS
  session.event('done', {
    ...given({ before, after }),
    sigma,
    atoms: count,
    active: restored.active,
    seconds: restored.seconds,
    out,
    ...given({ picture }),
  })
  const rows: (Row | undefined)[] = [
    before === undefined ? undefined : ['PSNR before', `${before.toFixed(2)} dB`],
    after === undefined ? undefined : ['PSNR after', `${after.toFixed(2)} dB`],
    sigma === 0 ? undefined : ['noise', `${formatNumber(sigma)} of 255`],
    ['dictionary', `${count}`, `of ${formatShape(atom)}`],
    method === 'convolutional'
      ? ['active', formatShare(restored.active), 'of the code']
      : ['active', formatNumber(restored.active), 'atoms a patch'],
    ['time', duration(restored.seconds)],
  ]
  session.print(numberTable(rows.filter((row) => row !== undefined)))
  session.say(`The restored image is in ${out}.`)
}
