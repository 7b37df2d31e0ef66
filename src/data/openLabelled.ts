import { listFolders, openFile, pathKind } from '#data/files'
import { CancelledError, ConfigurationError, DataError } from '../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../tensor/tensor.js'
import type { FileInput } from './fileHandle.js'
import { fromTensor } from './fromTensor.js'
import { isIdx, readIdx } from './idx.js'
import { checkedLabelled, type LabelledTensor } from './labelled.js'
import { readNpy } from './npy.js'
import type { Images } from './observations.js'
import { openSource, type SourceOptions } from './open.js'
import { resized } from './resize.js'

export interface LabelledOptions extends Omit<SourceOptions, 'signals'> {
  /** A file with the class of each observation, IDX or npy of whole numbers, where the source does not tell. */
  readonly labels?: FileInput
  /** Height and width that images are brought to; without it they must be of one size. */
  readonly size?: readonly [height: number, width: number]
  /** The classes that there are, where they are those of other data: labels and folders must be of these. */
  readonly classes?: readonly string[]
  /** Called while images are read. */
  readonly onImages?: (done: number, total: number) => void
}

/**
 * Labelled observations by what a person names: `digits`, `mnist`, `mnist:FOLDER`; a folder with one subfolder of images a class, which
 * is called as the subfolder; or any source of {@link openSource} with a file of `labels`. Throws DataError where a class has no
 * images, all is of one class, a label is none, or images are of unequal sizes; ConfigurationError where nothing tells the
 * classes.
 */
export async function openLabelled(source: string, options: LabelledOptions = {}): Promise<LabelledTensor> {
  const { labels, size, classes, onImages, ...rest } = options
  const folders = labels === undefined && (await isFolder(source)) ? await listFolders(source) : []
  if (folders.length > 0) return ofFolders(source, folders, options)
  const opened = await openSource(source, rest)
  const observations =
    opened.kind === 'observations'
      ? opened.observations
      : fromTensor(stacked(await readImages(opened.images, options, 0, opened.images.count), source), source)
  const told =
    labels === undefined ? (opened.kind === 'observations' ? opened.labels : undefined) : await readLabels(labels)
  if (told === undefined) {
    throw new ConfigurationError(
      `Nothing tells the classes of ${source}: give a folder with one subfolder of images for each class, or a file with the class of each observation (--classes; in code: labels).`,
    )
  }
  const found = await checkedLabelled({ observations, labels: told, name: source }, classes)
  return size === undefined ? found : { ...found, observations: resizedRows(found, size) }
}

const isFolder = async (source: string): Promise<boolean> =>
  !/^(digits|mnist)(:|$)/.test(source) && (await pathKind(source)) === 'folder'

async function ofFolders(
  source: string,
  folders: readonly string[],
  options: LabelledOptions,
): Promise<LabelledTensor> {
  const names = folders.map((folder) => folder.replace(/^.*[\\/]/, ''))
  const { classes = names } = options
  const unknown = names.find((name) => !classes.includes(name))
  if (unknown !== undefined) {
    throw new DataError(
      `${source} has a folder ${unknown}, which is no class here; the classes are ${classes.join(', ')}.`,
    )
  }
  const collections: Images[] = []
  for (const folder of folders) {
    const opened = await openSource(folder, options.colour === undefined ? {} : { colour: options.colour })
    if (opened.kind !== 'images') throw new DataError(`${folder} holds no images; each class is a folder of images.`)
    collections.push(opened.images)
  }
  const total = collections.reduce((sum, { count }) => sum + count, 0)
  const images: NamedImage[] = []
  const labels: number[] = []
  for (const [place, collection] of collections.entries()) {
    images.push(...(await readImages(collection, options, images.length, total)))
    labels.push(...new Array<number>(collection.count).fill(classes.indexOf(names[place])))
  }
  return checkedLabelled({ observations: stacked(images, source), labels, classes, name: source }, options.classes)
}

interface NamedImage {
  readonly name: string
  readonly image: Tensor
}

async function readImages(
  images: Images,
  { size, onImages, signal }: LabelledOptions,
  before: number,
  total: number,
): Promise<NamedImage[]> {
  const read: NamedImage[] = []
  for (let i = 0; i < images.count; i++) {
    if (signal?.aborted) throw new CancelledError(`Reading ${images.name} was cancelled after ${before + i} images.`)
    const image = await images.image(i)
    const name = `${images.name.replace(/^.*[\\/]/, '')}/${images.label(i)}`
    read.push({ name, image: size ? resized(image, size) : image })
    onImages?.(before + i + 1, total)
  }
  return read
}

/** Images of one size as one tensor. Throws {@link DataError} with two that differ. */
function stacked(images: readonly NamedImage[], source: string): Tensor {
  const [first] = images
  const differs = images.find(({ image }) => !sameShape(image.shape, first.image.shape))
  if (differs) {
    throw new DataError(
      `${source} holds images of unequal sizes: ${first.name} is ${formatShape(first.image.shape)}, ${differs.name} is ${formatShape(differs.image.shape)}. Bring all to one size (--size 32; in code: size).`,
    )
  }
  const width = first.image.data.length
  const data = new Float32Array(images.length * width)
  for (const [i, { image }] of images.entries()) data.set(image.data, i * width)
  return { shape: [images.length, ...first.image.shape], data }
}

function resizedRows({ name, observations }: LabelledTensor, size: readonly [number, number]): Tensor {
  const [count, ...shape] = observations.shape
  if (shape.length < 2) {
    throw new ConfigurationError(`${name} holds observations of ${formatShape(shape)}, not images; leave the size out.`)
  }
  const width = observations.data.length / count
  const images = Array.from({ length: count }, (_, i) => ({
    name: String(i),
    image: resized({ shape, data: observations.data.subarray(i * width, (i + 1) * width) }, size),
  }))
  return stacked(images, name)
}

/** The numbers of an IDX or npy file, one an observation. Throws {@link DataError} where they are no whole numbers in a row. */
async function readLabels(input: FileInput): Promise<ArrayLike<number>> {
  const handle = await openFile(input)
  const { name } = handle
  const head = await handle.read(0, Math.min(4, handle.size)).finally(() => handle.close())
  // A gzip file is of either kind; IDX is what data sets are packed as.
  const { shape, data } = isIdx(head) || head[0] === 0x1f ? await readIdx(input) : await readNpy(input)
  if (shape.length !== 1 || typeof data === 'string') {
    throw new DataError(`${name} holds an array of ${formatShape(shape)}; labels are one row of whole numbers.`)
  }
  return Array.from(data as ArrayLike<number | bigint>, Number)
}
