import { expandGlob, listFolder, listFolders, openFile, pathKind } from '#data/files'
import { ConfigurationError, DataError, FileFormatError } from '../tensor/errors.js'
import { suggest } from '../tensor/suggest.js'
import { standardInputSource } from './byteSource.js'
import { deadLeaves } from './deadLeaves.js'
import { digits } from './digits.js'
import type { DownloadOptions } from './download.js'
import type { FileInput } from './fileHandle.js'
import { fromTensor } from './fromTensor.js'
import { isGlob } from './glob.js'
import { type ImageOptions, imageFiles } from './imageFiles.js'
import type { SizedImages } from './imageObservations.js'
import { mnist } from './mnist.js'
import { npySourceObservations } from './npy.js'
import type { Observations } from './observations.js'
import { photographs } from './photographs.js'
import { plantedCodes } from './plantedCodes.js'
import { openByContent, refuseArray, sniff } from './sniff.js'

export interface SourceOptions extends ImageOptions, Pick<DownloadOptions, 'onProgress' | 'signal'> {
  /** Seed of what is made up (dead leaves, planted codes): 0 by default. */
  readonly seed?: number
  /** Which array of an npz file, or column of a Parquet file; also as PATH#NAME. */
  readonly array?: string
  /**
   * The arrays of a file are signals: [t] is one signal of t samples, [n, t] are n, [n, t, c] n of c channels. Columns of numbers of a
   * Parquet file are the channels of one signal.
   */
  readonly signals?: boolean
}

/** What a source turned out to be. */
export type OpenedSource =
  | { readonly kind: 'observations'; readonly observations: Observations; readonly labels?: Uint8Array }
  | { readonly kind: 'images'; readonly images: SizedImages }

/** The sources that have a name, with what each is. */
export const namedSources: Readonly<Record<string, string>> = {
  digits: '10,000 handwritten digits that come with Energia',
  photographs: 'photographs that come with Energia, grey',
  'photographs:colour': 'the same in the tint of their prints',
  mnist: '60,000 handwritten digits, downloaded once',
  'mnist:test': 'the 10,000 to test on',
  'mnist:FOLDER': 'MNIST from a folder with its IDX files',
  'dead-leaves': 'made-up pictures of opaque disks',
  planted: 'made-up observations from known atoms',
}

const names = ['digits', 'photographs', 'mnist', 'dead-leaves', 'planted']
const named = /^(digits|dead-leaves|planted|(photographs|mnist)(:.*)?)$/s

/**
 * Opens what a person names as data: one of {@link namedSources}, `-` (npy on standard input), or a file, folder or
 * pattern of the kinds that can be read: IDX and npy (gzip or not), npz, Parquet, and PNG, JPEG, WebP or TIFF images. A
 * file is told by how it begins, not by its name. Throws ConfigurationError for a name that does not exist and for an
 * `array` where there are none, {@link FileFormatError} and {@link DataError} for data that cannot be used.
 */
export async function openSource(
  source: string | Exclude<FileInput, string>,
  options: SourceOptions = {},
): Promise<OpenedSource> {
  if (typeof source !== 'string') return openFiles([source], 'the given data', options)
  if (source === '') throw new ConfigurationError('The data source is empty. Name one, for example digits.')
  if (source === '-' || named.test(source)) refuseArray(source === '-' ? 'Standard input' : source, options.array)
  if (source === '-')
    return {
      kind: 'observations',
      observations: await npySourceObservations(standardInputSource(), readingOf(options)),
    }
  return (await openNamed(source, options)) ?? openPath(source, options)
}

const isImageName = (name: string): boolean => /\.(png|jpe?g|webp|tiff?)$/i.test(name)

const readingOf = ({ signals }: SourceOptions) => (signals === undefined ? {} : { signals })

async function openNamed(source: string, options: SourceOptions): Promise<OpenedSource | undefined> {
  const { seed = 0 } = options
  const colon = source.indexOf(':')
  const [name, detail] = colon < 0 ? [source, undefined] : [source.slice(0, colon), source.slice(colon + 1)]
  if (name === 'digits' && detail === undefined) {
    const { observations, labels } = await digits()
    return { kind: 'observations', observations: fromTensor(observations, 'digits'), labels }
  }
  if (name === 'photographs') {
    if (detail !== undefined && detail !== 'colour' && detail !== 'color') {
      throw new ConfigurationError(`photographs:${detail} is not a source; did you mean photographs:colour?`)
    }
    return { kind: 'images', images: await photographs({ colour: detail !== undefined || options.colour === true }) }
  }
  if (name === 'mnist') {
    const { onProgress, signal } = options
    const watched = { ...(onProgress && { onProgress }), ...(signal && { signal }) }
    if (detail === undefined || detail === 'train' || detail === 'test') {
      return { kind: 'observations', ...(await mnist({ split: detail ?? 'train', ...watched })) }
    }
    const split = detail.endsWith(':test') ? 'test' : 'train'
    const folder = detail.replace(/:(test|train)$/, '')
    if ((await pathKind(folder)) !== 'folder') {
      const meant = suggest(detail, ['train', 'test'])
      throw new ConfigurationError(
        `mnist:${detail} names no folder${meant ? `; did you mean mnist:${meant}?` : '. Name the folder with the IDX files of MNIST.'}`,
      )
    }
    return { kind: 'observations', ...(await mnist({ split, folder, ...watched })) }
  }
  if (name === 'dead-leaves' && detail === undefined) {
    return {
      kind: 'images',
      images: deadLeaves({ width: 256, height: 256, count: 100, seed, colour: options.colour === true }),
    }
  }
  if (name === 'planted' && detail === undefined) {
    const { observations } = plantedCodes({ atoms: 128, dimension: 64, active: 4, count: 20_000, noise: 0.01, seed })
    return { kind: 'observations', observations }
  }
  return undefined
}

async function openPath(source: string, options: SourceOptions): Promise<OpenedSource> {
  const kind = await pathKind(source)
  if (kind === 'file') return openFiles([source], source, options)
  if (kind === 'folder') return openFiles(await listFolder(source), source, options, 'folder')
  const hash = source.lastIndexOf('#')
  if (hash > 0 && (await pathKind(source.slice(0, hash))) === 'file') {
    if (options.array !== undefined) {
      throw new ConfigurationError(
        `${source} names an array, and so does --array ${options.array}; leave one of them out.`,
      )
    }
    return openFiles([source.slice(0, hash)], source, { ...options, array: source.slice(hash + 1) })
  }
  if (isGlob(source)) {
    const files = await expandGlob(source)
    if (files.length === 0) throw new FileFormatError(`No file matches ${source}. Check the pattern.`)
    return openFiles(files, source, options)
  }
  const meant = suggest(source.replace(/:.*$/, ''), names)
  throw meant !== undefined && !/[\\/]/.test(source)
    ? new ConfigurationError(`There is no source or file ${source}; did you mean ${meant}?`)
    : new FileFormatError(
        `There is no file or folder ${source}. Sources with a name: ${Object.keys(namedSources).join(', ')}.`,
      )
}

/** Opens files: one file of any kind, or images. */
async function openFiles(
  files: readonly FileInput[],
  name: string,
  options: SourceOptions,
  from?: 'folder',
): Promise<OpenedSource> {
  if (files.length === 1 && from === undefined) {
    const opened = await openByContent(files[0], options.array, readingOf(options))
    if (opened !== undefined) return { kind: 'observations', observations: opened }
    return { kind: 'images', images: imageFiles(files, { ...options, name }) }
  }
  refuseArray(name, options.array)
  const images: FileInput[] = []
  const others: string[] = []
  for (const file of files) {
    const handle = await openFile(file)
    const head = await handle.read(0, Math.min(16, handle.size)).finally(() => handle.close())
    const found = sniff(head)
    if (found === 'image') images.push(file)
    else if (from === 'folder' && found === undefined && isImageName(handle.name)) {
      throw new FileFormatError(
        `${handle.name} is named like an image, but ${handle.size === 0 ? 'is empty' : 'does not begin like one'}. Fetch or save it again, or take it out of the folder.`,
      )
    }
    // In a folder, notes and the like are passed over; a file that a pattern names must be an image.
    else if (from === undefined || found !== undefined)
      others.push(`${handle.name.replace(/^.*[\\/]/, '')}${handle.size === 0 ? ' (empty)' : ''}`)
  }
  if (others.length > 0) {
    const some = `${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}`
    throw new DataError(
      images.length === 0
        ? `${name} holds no images, but ${some}. Name one of these files${others.some((other) => /ubyte/.test(other)) ? `, or use mnist:${name}` : ''}.`
        : `${name} mixes images with ${some}. Name the images only, for example ${name.replace(/[\\/]*$/, '')}/*.png.`,
    )
  }
  if (images.length === 0 && from === 'folder' && (await listFolders(name)).length > 0) {
    throw new DataError(
      `${name} holds no images itself, and folders in it are not looked into; name their images by a pattern, for example ${name.replace(/[\\/]*$/, '')}/*/*.png.`,
    )
  }
  return { kind: 'images', images: imageFiles(images, { ...options, name }) }
}
