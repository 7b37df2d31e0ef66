import { extname, join } from 'node:path'
import {
  CancelledError,
  ConfigurationError,
  formatNumber,
  formatShare,
  npyHeader,
  type Tensor,
  toPng,
} from '../../src/index.js'
import type { Session } from '../session.js'
import { checkOutputFile, checkOutputFolder, writeOutput } from './outputs.js'
import { asPicture, type Scaling } from './pictures.js'

/** Pictures written side by side. */
const AT_ONCE = 16

/** What a command makes: tensors one by one, each with a name for its file. */
export interface Made {
  /** The shape of each; undefined where they differ. */
  readonly shape: readonly number[] | undefined
  readonly count: number
  readonly what: 'observations' | 'patches' | 'images' | 'samples'
  readonly scaling: Scaling
  items(): AsyncGenerator<{ readonly name: string; readonly tensor: Tensor }>
}

/** Where it goes: one npy file, or a folder of pictures. */
export interface Place {
  readonly path: string
  readonly kind: 'npy' | 'folder'
}

/**
 * What `--out` names: an npy file by its ending; a folder by having none, by a slash behind it, or by being there.
 * Throws ConfigurationError for another ending and for what may not be replaced, before any work.
 */
export async function checkPlace(out: string, overwrite?: boolean): Promise<Place> {
  const slash = /[/\\]$/.test(out)
  if (!slash && extname(out).toLowerCase() === '.npy') {
    await checkOutputFile(out, overwrite)
    return { path: out, kind: 'npy' }
  }
  const there = await checkOutputFolder(out, overwrite)
  if (there === 'nothing' && !slash && extname(out) !== '') {
    throw new ConfigurationError(
      `--out takes a name that ends in .npy, or a folder for PNG pictures, which has no ending or a slash behind it; got ${out}.`,
    )
  }
  return { path: out, kind: 'folder' }
}

/** Writes all that is made, with progress, and says where it is. */
export async function writeObservations(made: Made, { path, kind }: Place, session: Session): Promise<void> {
  const items = watch(made, session)
  if (kind === 'npy') {
    await writeOutput(path, npy(made, items))
    done(made, path, session)
    return
  }
  let clipped = 0
  let pixels = 0
  let writing: Promise<void>[] = []
  for await (const { name, tensor } of items) {
    const { picture, outside } = asPicture(tensor, made.scaling)
    clipped += outside
    pixels += picture.pixels.length
    writing.push(toPng(picture).then((png) => writeOutput(join(path, `${name}.png`), png)))
    if (writing.length < AT_ONCE) continue
    await Promise.all(writing)
    writing = []
  }
  await Promise.all(writing)
  done(made, path, session)
  if (made.scaling === 'each') {
    session.note(
      'They are in the units of the preprocessed data: zero is mid-grey, and each picture is scaled by itself.',
    )
  } else if (clipped > 0) {
    session.note(
      `${formatShare(clipped / pixels)} of the pixels lay outside 0 to 1 and were cut to it; an .npy file keeps them.`,
    )
  }
}

function done({ what, count }: Made, out: string, session: Session): void {
  session.event('done', { [what]: count, out })
  session.say(`${formatNumber(count)} ${what} are in ${out}.`)
}

/** The items, with progress; stops where the signal says so. */
async function* watch({ count: total, what, items }: Made, session: Session): ReturnType<Made['items']> {
  let count = 0
  for await (const item of items()) {
    if (session.signal.aborted) throw new CancelledError(`Stopped after ${count} of ${total} ${what}.`)
    yield item
    count++
    if (count % 100 === 0 || count === total || what === 'images') {
      const line = `${formatNumber(count)} of ${formatNumber(total)} ${what} written`
      session.progress('progress', { done: count, total }, line)
    }
  }
}

/** All items as one npy file [n, …shape] of single precision. */
function npy({ shape, count }: Made, items: ReturnType<Made['items']>): AsyncGenerator<Uint8Array> {
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

/** Rows of a batch as items, named by their number of `total`. */
export function* numbered(batch: Tensor, first: number, total: number): Generator<{ name: string; tensor: Tensor }> {
  const [count, ...shape] = batch.shape
  const size = shape.reduce((product, extent) => product * extent, 1)
  const digits = String(Math.max(0, total - 1)).length
  for (let i = 0; i < count; i++) {
    const data = batch.data.subarray(i * size, (i + 1) * size)
    yield { name: String(first + i).padStart(digits, '0'), tensor: { shape, data } }
  }
}
