import { extname, join } from 'node:path'
import {
  assemble,
  CancelledError,
  ConfigurationError,
  codeRows,
  formatNumber,
  formatShape,
  formatShare,
  type ImageStep,
  loadModel,
  type NamedTensors,
  npyHeader,
  patchGrid,
  readCodes,
  restoreImageStep,
  type SavedCodes,
  ShapeError,
  type SparseCodingModel,
  sizeOf,
  type Tensor,
  toPng,
} from '../../src/index.js'
import type { DecodeCommandOptions } from '../commands/decode.js'
import type { Session } from '../session.js'
import { type ImageLayout, savedContext, savedLayout } from './codesLayout.js'
import { checkOutputFile, checkOutputFolder, writeOutput } from './outputs.js'
import { asPicture, type Scaling } from './pictures.js'

/** Numbers decoded at a time, about. */
const CHUNK = 2 ** 22
/** Pictures written side by side. */
const AT_ONCE = 16

/** What is decoded: tensors one by one, each with a name for its file. */
interface Decoded {
  /** The shape of each; undefined where images differ. */
  readonly shape: readonly number[] | undefined
  readonly count: number
  readonly what: 'observations' | 'patches' | 'images'
  readonly scaling: Scaling
  items(): AsyncGenerator<{ readonly name: string; readonly tensor: Tensor }>
}

/** `energia decode`. */
export async function decode(session: Session, options: DecodeCommandOptions, run: string): Promise<void> {
  const { out, overwrite } = options
  const asNpy = extname(out).toLowerCase() === '.npy'
  if (asNpy) await checkOutputFile(out, overwrite)
  else await checkOutputFolder(out, overwrite)
  const model = await loadModel(run, session.threads)
  const saved = await readCodes(options.codes)
  checkAtoms(saved, model)
  checkShape(saved, model)
  const decoded = decodedBy(model, saved, options)
  session.event('start', { command: 'decode', run, codes: options.codes, out })
  const watched = watch(decoded, session)
  let clipped = 0
  let pixels = 0
  if (asNpy) {
    await writeOutput(out, npy(decoded, watched))
  } else {
    let writing: Promise<void>[] = []
    for await (const { name, tensor } of watched) {
      const { picture, outside } = asPicture(tensor, decoded.scaling)
      clipped += outside
      pixels += picture.pixels.length
      writing.push(toPng(picture).then((png) => writeOutput(join(out, `${name}.png`), png)))
      if (writing.length < AT_ONCE) continue
      await Promise.all(writing)
      writing = []
    }
    await Promise.all(writing)
  }
  session.event('done', { [decoded.what]: decoded.count, out })
  session.print(`${formatNumber(decoded.count)} ${decoded.what} are in ${out}.`)
  if (!asNpy && decoded.scaling === 'each') {
    session.note(
      'They are in the units of the preprocessed data: zero is mid-grey, and each picture is scaled by itself.',
    )
  } else if (clipped > 0) {
    session.note(
      `${formatShare(clipped / pixels)} of the pixels lay outside 0 to 1 and were cut to it; an .npy file keeps them.`,
    )
  }
}

/** Throws ShapeError where codes say that they are of observations of another shape. */
function checkShape({ file, arrays }: SavedCodes, { settings }: SparseCodingModel): void {
  const noted = arrays.observation_shape
  if (!noted) return
  const shape = Array.from(noted.data, Number)
  if (shape.join() === settings.observation.join()) return
  throw new ShapeError(
    `${file} holds codes of observations of ${formatShape(shape)}, but this model codes ${formatShape(settings.observation)}; use the model they came from.`,
  )
}

function checkAtoms({ file, codes }: SavedCodes, model: SparseCodingModel): void {
  if (codes.shape[1] === model.settings.atoms) return
  throw new ShapeError(
    `${file} holds codes over ${codes.shape[1]} atoms, but the model has ${model.settings.atoms}; use the model that they came from.`,
  )
}

/** The images where the file says how patches lie, and else the observations. */
function decodedBy(model: SparseCodingModel, saved: SavedCodes, options: DecodeCommandOptions): Decoded {
  const { observation, input } = model.settings
  const layout = savedLayout(saved)
  if (input.kind === 'images' && layout !== undefined && !options.patches) {
    return images(model, saved, layout, restoreImageStep(input.transform))
  }
  const [count] = saved.codes.shape
  const whole = input.kind === 'observations' || stepKinds(input.transform).length === 0
  const digits = String(Math.max(0, count - 1)).length
  return {
    shape: observation,
    count,
    what: input.kind === 'images' ? 'patches' : 'observations',
    scaling: whole && undoes(model, saved) ? 'unit' : 'each',
    async *items() {
      const size = sizeOf(observation)
      for (let begin = 0; begin < count; ) {
        const end = Math.min(count, begin + Math.max(1, Math.floor(CHUNK / size)))
        const { data } = await rowsOf(model, saved, begin, end)
        for (let i = begin; i < end; i++) {
          const from = (i - begin) * size
          yield {
            name: String(i).padStart(digits, '0'),
            tensor: { shape: observation, data: data.subarray(from, from + size) },
          }
        }
        begin = end
      }
    },
  }
}

/** Whether decoding gives the units of the data: what was taken from each observation must have been saved. */
function undoes({ preprocess }: SparseCodingModel, saved: SavedCodes): boolean {
  const taken = stepKinds(preprocess.config).some((kind) => kind === 'centre' || kind === 'contrastNormalize')
  return !taken || savedContext(saved, 0, 0) !== undefined
}

/** Rows `begin` to `end` of the codes as observations. */
function rowsOf(model: SparseCodingModel, saved: SavedCodes, begin: number, end: number): Promise<Tensor> {
  return model.decode(codeRows(saved.codes, begin, end), savedContext(saved, begin, end))
}

/** Images from the patches of their grids. Whitening is undone; local contrast cannot be, its context being as large as an image. */
function images(model: SparseCodingModel, saved: SavedCodes, layout: ImageLayout, transform: ImageStep): Decoded {
  const size = model.settings.observation.slice(0, 2) as [number, number] // of patches: height, width and perhaps channels
  const grids = layout.shapes.map((shape) => patchGrid(shape, { size }))
  const total = grids.reduce((sum, grid) => sum + grid.count, 0)
  if (total !== saved.codes.shape[0]) {
    throw new ShapeError(
      `${saved.file} holds ${saved.codes.shape[0]} codes, but its images have ${total} patches; write it again with encode, or pass --patches.`,
    )
  }
  const steps = stepKinds(transform.config)
  const undone = !steps.includes('localContrast') && undoes(model, saved)
  const first = layout.shapes[0]
  const same = layout.shapes.every((shape) => formatShape(shape) === formatShape(first))
  return {
    shape: same ? first : undefined,
    count: grids.length,
    what: 'images',
    scaling: undone ? 'unit' : 'each',
    async *items() {
      let begin = 0
      for (const [i, grid] of grids.entries()) {
        const patches = await rowsOf(model, saved, begin, begin + grid.count)
        begin += grid.count
        const image = assemble(patches, grid)
        yield {
          name: fileName(layout.names, i),
          tensor: undone ? transform.invert(image, imageContext(steps, layout, i)) : image,
        }
      }
    },
  }
}

/** The kinds of a pipeline's steps. */
function stepKinds({ steps }: ImageStep['config']): string[] {
  return Array.isArray(steps) ? steps.map((step: { kind: string }) => step.kind) : []
}

function imageContext(steps: readonly string[], { means }: ImageLayout, image: number): NamedTensors {
  const mean = { shape: [means[image].length], data: means[image] }
  return Object.fromEntries(steps.flatMap((kind, i) => (kind === 'olshausen' ? [[`${i}.mean`, mean]] : [])))
}

/** An image's own name without its ending, and with its number where that would not be the only one. */
function fileName(names: readonly string[], i: number): string {
  const plain = names.map((name) =>
    name
      .replace(/\.\w{1,5}$/, '')
      .replace(/[^\p{L}\p{N}._]+/gu, '-')
      .replace(/^[.-]+/, ''),
  )
  const alone = plain[i] !== '' && plain.indexOf(plain[i]) === plain.lastIndexOf(plain[i])
  return alone ? plain[i] : `${String(i).padStart(String(names.length - 1).length, '0')}${plain[i] && `-${plain[i]}`}`
}

/** The items, with progress; stops where the signal says so. */
async function* watch(decoded: Decoded, session: Session): ReturnType<Decoded['items']> {
  let done = 0
  for await (const item of decoded.items()) {
    if (session.signal.aborted)
      throw new CancelledError(`Decoding was stopped after ${done} of ${decoded.count} ${decoded.what}.`)
    yield item
    done++
    if (done % 100 === 0 || done === decoded.count || decoded.what === 'images') {
      const { count: total, what } = decoded
      session.progress('progress', { done, total }, `${formatNumber(done)} of ${formatNumber(total)} ${what} decoded`)
    }
  }
}

/** All items as one npy file [n, …shape] of single precision. */
function npy(decoded: Decoded, items: ReturnType<Decoded['items']>): AsyncGenerator<Uint8Array> {
  const { shape, count } = decoded
  if (shape === undefined) {
    throw new ConfigurationError(
      'The images have unequal sizes and do not fit into one array; give --out a folder, or pass --patches.',
    )
  }
  return (async function* () {
    yield npyHeader('<f4', [count, ...shape])
    for await (const { tensor } of items) yield new Uint8Array(Float32Array.from(tensor.data).buffer)
  })()
}
