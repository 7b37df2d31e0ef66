import { cacheFolder, environment, joinPath, makeFolder, openFile, pathKind } from '#data/files'
import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import { type DownloadOptions, download, sha256 } from './download.js'
import { idxObservations, readIdx } from './idx.js'
import type { Observations } from './observations.js'

export interface MnistOptions extends Pick<DownloadOptions, 'onProgress' | 'signal'> {
  /** 60,000 digits to learn from (the default), or 10,000 to test on. */
  readonly split?: 'train' | 'test'
  /** A folder that holds the IDX files, gzip or not. Without it they are downloaded once. */
  readonly folder?: string
  /** Where downloads are kept: by default the system's folder for caches. */
  readonly cache?: string
  /** Where to download from: the address to which file names are added. Also ENERGIA_MNIST_MIRROR. */
  readonly mirror?: string
}

/** One file of MNIST once inflated. */
export interface MnistFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

export interface MnistFiles {
  readonly images: MnistFile
  readonly labels: MnistFile
}

/** The copy that PyTorch's torchvision uses. */
const defaultMirror = 'https://ossci-datasets.s3.amazonaws.com/mnist/'

/** The four files of MNIST. */
export const mnistFiles: Readonly<Record<'train' | 'test', MnistFiles>> = {
  train: {
    images: {
      name: 'train-images-idx3-ubyte',
      bytes: 47_040_016,
      sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    labels: {
      name: 'train-labels-idx1-ubyte',
      bytes: 60_008,
      sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
  },
  test: {
    images: {
      name: 't10k-images-idx3-ubyte',
      bytes: 7_840_016,
      sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    labels: {
      name: 't10k-labels-idx1-ubyte',
      bytes: 10_008,
      sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
}

/** Handwritten digits with their classes. */
export interface LabelledObservations {
  /** [28, 28] each, in [0, 1]. */
  readonly observations: Observations
  /** [n], 0 to 9. */
  readonly labels: Uint8Array
}

/**
 * MNIST, all of it: from a folder, or downloaded once, checked and kept. Throws {@link FileFormatError} where a file is
 * missing or not the one it should be, and CancelledError when stopped; a stopped download is taken up again.
 */
export async function mnist(options: MnistOptions = {}): Promise<LabelledObservations> {
  const { split = 'train' } = options
  if (split !== 'train' && split !== 'test')
    throw new ConfigurationError(`MNIST has the splits train and test; got ${String(split)}.`)
  return openMnist(mnistFiles[split], options)
}

/** {@link mnist} for given files. */
export async function openMnist(
  files: MnistFiles,
  options: Omit<MnistOptions, 'split'>,
): Promise<LabelledObservations> {
  const images = await locate(files.images, options)
  const labels = await locate(files.labels, options)
  const observations = await idxObservations(images)
  const classes = await readIdx(labels)
  if (!(classes.data instanceof Uint8Array) || classes.data.length !== observations.count) {
    throw new FileFormatError(
      `${labels} holds ${classes.data.length} labels for ${observations.count} images. Fetch both again.`,
    )
  }
  return { observations: { ...observations, name: 'mnist' }, labels: classes.data }
}

/** Where a file lies, after a download where needed. */
async function locate(file: MnistFile, options: Omit<MnistOptions, 'split'>): Promise<string> {
  if (options.folder !== undefined) {
    // Some copies have a dot in their names: train-images.idx3-ubyte.
    for (const name of [file.name, file.name.replace('-idx', '.idx')]) {
      for (const ending of ['', '.gz']) {
        const path = joinPath(options.folder, name + ending)
        if ((await pathKind(path)) === 'file') return path
      }
    }
    throw new FileFormatError(
      `The folder ${options.folder} holds neither ${file.name} nor ${file.name}.gz. Name the folder with the IDX files of MNIST.`,
    )
  }
  const folder = options.cache ?? joinPath(cacheFolder(), 'mnist')
  const path = joinPath(folder, file.name)
  if (await isIntact(path, file)) return path
  const mirror = options.mirror ?? environment('ENERGIA_MNIST_MIRROR') ?? defaultMirror
  try {
    await makeFolder(folder)
    await download(
      { url: `${mirror.replace(/\/*$/, '/')}${file.name}.gz`, bytes: file.bytes, sha256: file.sha256 },
      path,
      options,
    )
  } catch (error) {
    throw options.cache === undefined ? withOtherPlaces(error) : error
  }
  return path
}

/** A failure to write where downloads are kept, which nobody chose: with what else can be named. Anything else as it is. */
function withOtherPlaces(error: unknown): unknown {
  if (!(error instanceof FileFormatError && /cannot be written/.test(error.message))) return error
  return new FileFormatError(
    `${error.message} Downloads are kept there; mnist:FOLDER takes the files of MNIST from a folder of yours, and on Linux XDG_CACHE_HOME names another place for downloads.`,
    { cause: error },
  )
}

async function isIntact(path: string, file: MnistFile): Promise<boolean> {
  if ((await pathKind(path)) !== 'file') return false
  const handle = await openFile(path)
  try {
    return handle.size === file.bytes && (await sha256(await handle.read(0, handle.size))) === file.sha256
  } finally {
    await handle.close()
  }
}
