import {
  assemble,
  codeRows,
  formatShape,
  type NamedTensors,
  patchGrid,
  readCodes,
  type SavedCodes,
  ShapeError,
  sizeOf,
  type Tensor,
} from '../../src/index.js'
import type { DecodeCommandOptions } from '../commands/decode.js'
import type { Learned, WholeCoding } from '../models/model.js'
import type { Session } from '../session.js'
import { type ImageLayout, savedContext, savedImageNames, savedLayout } from './codesLayout.js'
import { openModel } from './openModel.js'
import { stepKinds } from './stepKinds.js'
import { savedObservations } from './wholeLayout.js'
import { checkPlace, type Made, numbered, writeObservations } from './writeObservations.js'

/** Numbers decoded at a time, about. */
const CHUNK = 2 ** 22

/** `energia decode`. */
export async function decode(session: Session, options: DecodeCommandOptions, run: string): Promise<void> {
  const { out, overwrite } = options
  const place = await checkPlace(out, overwrite)
  const model = await openModel(run, options, session)
  const saved = await readCodes(options.codes)
  const made = model.whole ? wholeOnes(model.whole, model, saved) : decodedBy(model, saved, options)
  session.event('start', { command: 'decode', run, codes: options.codes, out })
  await writeObservations(made, place, session)
}

/** Throws ShapeError where codes say that they are of observations of another shape. */
function checkShape({ file, arrays }: SavedCodes, { observation }: Learned): void {
  const noted = arrays.observation_shape
  if (!noted) return
  const shape = Array.from(noted.data, Number)
  if (shape.join() === observation.join()) return
  throw new ShapeError(
    `${file} holds codes of observations of ${formatShape(shape)}, but this model codes ${formatShape(observation)}; use the model they came from.`,
  )
}

function checkLength({ file, codes }: SavedCodes, { codeLength }: Learned): void {
  if (codes.shape[1] === codeLength) return
  throw new ShapeError(
    `${file} holds codes of ${codes.shape[1]} numbers, but this model's have ${codeLength}; use the model that they came from.`,
  )
}

/** The images where the file says how patches lie, and else the observations. */
function decodedBy(model: Learned, saved: SavedCodes, options: DecodeCommandOptions): Made {
  checkLength(saved, model)
  checkShape(saved, model)
  const { observation, transform } = model
  const layout = savedLayout(saved)
  if (transform !== undefined && layout !== undefined && !options.patches)
    return images(model, saved, layout, transform)
  const [count] = saved.codes.shape
  const whole = transform === undefined || stepKinds(transform.config).length === 0
  const step = Math.max(1, Math.floor(CHUNK / sizeOf(observation)))
  return {
    shape: observation,
    count,
    what: transform === undefined ? 'observations' : 'patches',
    scaling: whole && undoes(model, saved) ? 'unit' : 'each',
    async *items() {
      for (let begin = 0; begin < count; begin += step) {
        yield* numbered(await rowsOf(model, saved, begin, Math.min(count, begin + step)), begin, count)
      }
    },
  }
}

/** Images or signals of any sizes, a row each. */
function wholeOnes(whole: WholeCoding, { transform }: Learned, saved: SavedCodes): Made {
  const observations = savedObservations(saved)
  const names = savedImageNames(saved, observations.length)
  const [first] = observations
  const same = observations.every(({ shape }) => formatShape(shape) === formatShape(first.shape))
  const untouched = transform === undefined || stepKinds(transform.config).length === 0
  const undone = untouched || observations.every(({ context }) => context !== undefined)
  const digits = String(Math.max(0, observations.length - 1)).length
  return {
    shape: same ? first?.shape : undefined,
    count: observations.length,
    what: names ? 'images' : 'observations',
    scaling: undone && whole.spatial === 2 ? 'unit' : 'each',
    async *items() {
      for (const [i, { codes, shape, context }] of observations.entries()) {
        const tensor = await whole.decode(codes, shape, context)
        yield { name: names ? fileName(names, i) : String(i).padStart(digits, '0'), tensor }
      }
    },
  }
}

/** Whether decoding gives the units of the data: what was taken from each observation must have been saved. */
function undoes({ preprocessing }: Learned, saved: SavedCodes): boolean {
  const taken = preprocessing.some((kind) => kind === 'centre' || kind === 'contrastNormalize')
  return !taken || savedContext(saved, 0, 0) !== undefined
}

/** Rows `begin` to `end` of the codes as observations. */
function rowsOf(model: Learned, saved: SavedCodes, begin: number, end: number): Promise<Tensor> {
  return model.decode(codeRows(saved.codes, begin, end), savedContext(saved, begin, end))
}

/** Images from the patches of their grids. Whitening is undone; high-pass and local contrast cannot be, their context being as large as an image. */
function images(
  model: Learned,
  saved: SavedCodes,
  layout: ImageLayout,
  transform: NonNullable<Learned['transform']>,
): Made {
  const size = model.observation.slice(0, 2) as [number, number] // of patches: height, width and perhaps channels
  const grids = layout.shapes.map((shape) => patchGrid(shape, { size }))
  const total = grids.reduce((sum, grid) => sum + grid.count, 0)
  if (total !== saved.codes.shape[0]) {
    throw new ShapeError(
      `${saved.file} holds ${saved.codes.shape[0]} codes, but its images have ${total} patches; write it again with encode, or pass --patches.`,
    )
  }
  const steps = stepKinds(transform.config)
  const kept = !steps.includes('localContrast') && !steps.includes('highPass')
  const undone = kept && undoes(model, saved)
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
