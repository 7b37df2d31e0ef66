import {
  ConfigurationError,
  formatShape,
  type Images,
  imageObservations,
  type Observations,
  openSource,
  windows,
} from '../../src/index.js'
import { given } from '../given.js'
import type { Learned, Recipe } from '../models/model.js'
import type { Session } from '../session.js'

/** Images up to this side are taken whole where all have one size, as digits are. */
const SMALL = 64

export interface DataOptions {
  readonly data: string
  readonly array?: string
  readonly signals?: boolean
  readonly window?: number
  readonly hop?: number
  readonly colour?: boolean
  readonly seed?: number
}

/** How windows were cut out of signals. */
export interface SignalCut {
  /** Samples of a whole signal. */
  readonly samples: number
  /** Samples of a window, and from one to the next. */
  readonly length: number
  readonly hop: number
}

const cuts = new WeakMap<object, SignalCut>()

/** How observations were cut out of signals by --window; undefined where they were not. */
export const signalCut = (data: Observations | Images): SignalCut | undefined => cuts.get(data)

const names = new WeakMap<object, readonly string[]>()

/** The file names of images, also where they have become observations; undefined for other data, and for images that are no files. */
export function fileNames(data: Observations | Images): readonly string[] | undefined {
  if (!isImages(data)) return names.get(data)
  const labels = Array.from({ length: data.count }, (_, i) => data.label(i))
  return labels.every((label) => /\.(png|jpe?g|webp|tiff?)$/i.test(label)) ? labels : undefined
}

/** Images as observations that are known by their file names. */
async function asObservations(images: SizedImages, signal: AbortSignal): Promise<Observations> {
  const observations = await imageObservations(images, { signal })
  const files = fileNames(images)
  if (files) names.set(observations, files)
  return observations
}

type SizedImages = Images & { size?(index: number): Promise<readonly [number, number]> }
type Opened =
  | { readonly kind: 'observations'; readonly observations: Observations }
  | { readonly kind: 'images'; readonly images: SizedImages }

/** Opens a source as it is, with progress where it has to be downloaded. */
async function open(options: DataOptions, session: Session): Promise<Opened> {
  const { data, array, signals, window, hop, colour, seed } = options
  if (hop !== undefined && window === undefined) throw new ConfigurationError('--hop goes with --window; give both.')
  if (window !== undefined && !signals) throw new ConfigurationError('--window cuts signals; pass --signals as well.')
  const opened = await openSource(data, {
    ...given({ array, signals, colour, seed }),
    signal: session.signal,
    onProgress: (received, total) => {
      const of = total === undefined ? '' : ` of ${megabytes(total)}`
      session.progress(
        'download',
        { received, ...(total === undefined ? {} : { total }) },
        `downloading ${data}: ${megabytes(received)}${of} MB`,
      )
    },
  })
  if (!signals) return opened
  if (opened.kind === 'images') {
    throw new ConfigurationError(
      `${opened.images.name} holds images, and signals are wanted here; give a file of numbers, npy, npz, csv or Parquet, or take kernels for images.`,
    )
  }
  if (window === undefined) return opened
  const observations = await windows(opened.observations, { length: window, ...given({ hop }) })
  cuts.set(observations, { samples: opened.observations.shape[0], length: window, hop: hop ?? window })
  return { kind: 'observations', observations }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/**
 * The data to learn from: observations as they come; images where patches are cut, or images taken whole; else small images of one
 * size as observations.
 * Throws ConfigurationError for other images that are not cut.
 */
export async function learningData(
  options: DataOptions,
  cut: Recipe['cut'],
  session: Session,
): Promise<Observations | Images> {
  const opened = await open(options, session)
  if (opened.kind === 'observations') return opened.observations
  const { images } = opened
  if (typeof cut === 'object' || cut === 'whole') return images
  const [height, width] = images.size ? await images.size(0) : (await images.image(0)).shape
  if (Math.max(height, width) <= SMALL) return asObservations(images, session.signal)
  const advice =
    cut === 'unsaid'
      ? 'say how large the patches to learn from are, for example --patch 16'
      : `this model learns from whole observations; give images of one size, up to ${SMALL} pixels a side, or an npy file of patches`
  throw new ConfigurationError(
    `${images.name} holds images (${images.label(0)} is ${formatShape([height, width])}); ${advice}.`,
  )
}

/** Data to code, and the images that it consists of, where it does. */
export interface CodingData {
  readonly data: Observations | SizedImages
  readonly images: Images | undefined
}

/** The data to code with a model: images stay images where the model takes patches or images of any size, and else become observations. */
export async function codingData(
  options: DataOptions,
  { observation, transform, whole }: Learned,
  session: Session,
): Promise<CodingData> {
  const colour = whole ? whole.channels === 3 : observation.length === 3
  const signals = whole?.spatial === 1 || options.signals
  const opened = await open({ ...options, colour, ...given({ signals }) }, session)
  if (opened.kind === 'observations') return { data: opened.observations, images: undefined }
  const { images } = opened
  const data = transform === undefined && !whole ? await asObservations(images, session.signal) : images
  return { data, images }
}

/** Whether data is images rather than observations. */
export function isImages(data: Observations | Images): data is Images {
  return 'image' in data
}
