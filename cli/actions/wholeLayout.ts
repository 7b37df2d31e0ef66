import {
  type Codes,
  codeRows,
  FileFormatError,
  formatShape,
  type NamedTensors,
  type SavedCodes,
  type StoredTensor,
  sizeOf,
  storedTensor,
} from '../../src/index.js'
import type { CodedBatch } from '../models/model.js'

/*
 * What `encode` saves beside the codes of images or signals of any size, a row each: observation_shapes [n, axes] and code_shapes [n, 2 or 3] (a row's
 * code is its first h′·w′·m columns, the matrix being as wide as the widest); what preprocessing took from each as context_… , one after another in
 * one row of numbers, with their sizes as shapes_… [n, axes]; and the images' names, image_names, a JSON list in UTF-8.
 */
const CONTEXT = 'context_'
const SHAPES = 'shapes_'
/** The longest side that is believed, and the most numbers of one observation. */
const LONGEST = 2 ** 24
const MOST = 2 ** 28

type Shapes = NonNullable<CodedBatch['shapes']>

const columnName = (name: string): string => name.replaceAll('.', '_')

/** The columns of a file of such codes. */
export function wholeColumns(
  { observation, code }: Shapes,
  context: NamedTensors,
): Record<string, { dtype: 'F32' | 'I32'; row: readonly number[] | 'any' }> {
  return {
    observation_shapes: { dtype: 'I32', row: [observation.length] },
    code_shapes: { dtype: 'I32', row: [code.length] },
    ...Object.fromEntries(
      Object.entries(context).flatMap(([name, { shape }]) => [
        [CONTEXT + columnName(name), { dtype: 'F32', row: 'any' } as const],
        [SHAPES + columnName(name), { dtype: 'I32', row: [shape.length] } as const],
      ]),
    ),
  }
}

/** The entries of those columns for one observation. */
export function wholeData(
  { observation, code }: Shapes,
  context: NamedTensors,
): Record<string, Float32Array | Int32Array> {
  return {
    observation_shapes: Int32Array.from(observation),
    code_shapes: Int32Array.from(code),
    ...Object.fromEntries(
      Object.entries(context).flatMap(([name, { shape, data }]) => [
        [CONTEXT + columnName(name), data],
        [SHAPES + columnName(name), Int32Array.from(shape)],
      ]),
    ),
  }
}

/** The names of images as an array to be saved. */
export function savedNames(names: readonly string[]): StoredTensor {
  return storedTensor(new TextEncoder().encode(JSON.stringify(names)))
}

/** One observation of a file of codes. */
export interface SavedObservation {
  readonly shape: readonly number[]
  readonly codes: Codes
  readonly context: NamedTensors | undefined
}

/** The observations of a file, in their order. Throws FileFormatError where it does not say how large they are, or contradicts itself. */
export function savedObservations(saved: SavedCodes): SavedObservation[] {
  const { file, codes, arrays } = saved
  const [count] = codes.shape
  const shapes = shapeRows(arrays.observation_shapes, count)
  const codeShapes = shapeRows(arrays.code_shapes, count)
  if (shapes === undefined || codeShapes === undefined) {
    throw new FileFormatError(
      `${file} does not say how large its observations are (observation_shapes and code_shapes), which their codes need; write it again with energia encode.`,
    )
  }
  const contexts = savedContexts(saved)
  return shapes.map((shape, row) => {
    if (!shape.every((side) => side >= 1 && side <= LONGEST) || sizeOf(shape) > MOST) {
      throw new FileFormatError(`${file} promises an observation of ${formatShape(shape)}; it is damaged.`)
    }
    const size = codeShapes[row].reduce((product, side) => product * Math.max(0, side), 1)
    const own = codeRows(codes, row, row + 1)
    if (size > codes.shape[1] || (own.indices.at(-1) ?? -1) >= size) {
      throw new FileFormatError(
        `Row ${row} of ${file} has coefficients beyond its maps of ${codeShapes[row].join('×')}; it is damaged.`,
      )
    }
    return { shape, codes: { ...own, shape: [1, size] }, context: contexts[row] }
  })
}

function shapeRows(array: StoredTensor | undefined, count: number): number[][] | undefined {
  if (array?.dtype !== 'I32' || array.shape.length !== 2 || array.shape[0] !== count) return undefined
  const axes = array.shape[1]
  const sizes = Array.from(array.data, Number)
  return Array.from({ length: count }, (_, row) => sizes.slice(row * axes, (row + 1) * axes))
}

/** What was saved of the context of each row; undefined where nothing was. */
function savedContexts({ file, codes, arrays }: SavedCodes): (NamedTensors | undefined)[] {
  const [count] = codes.shape
  const contexts = Array.from({ length: count }, (): Record<string, NamedTensors[string]> => ({}))
  let any = false
  for (const [name, { dtype, data }] of Object.entries(arrays)) {
    if (!name.startsWith(CONTEXT) || dtype !== 'F32') continue
    const own = name.slice(CONTEXT.length)
    const shapes = shapeRows(arrays[SHAPES + own], count)
    const total = shapes?.reduce((sum, shape) => sum + shape.reduce((size, side) => size * side, 1), 0)
    if (shapes === undefined || total !== data.length || shapes.flat().some((side) => side < 0)) {
      throw new FileFormatError(
        `${file} is damaged: ${name} does not have the sizes that it says; write it again with encode.`,
      )
    }
    any = true
    let at = 0
    for (const [row, shape] of shapes.entries()) {
      const size = sizeOf(shape)
      contexts[row][own.replaceAll('_', '.')] = { shape, data: Float32Array.from(data.subarray(at, at + size), Number) }
      at += size
    }
  }
  return any ? contexts : contexts.map(() => undefined)
}
