type Field = readonly [name: string, type: 'i32' | 'f64']

/** The offsets of a structure's fields as the kernels lay them out: each aligned to its own size. */
function layout<const F extends readonly Field[]>(fields: F) {
  const offsets = {} as Record<F[number][0], { offset: number; type: 'i32' | 'f64' }>
  let offset = 0
  for (const [name, type] of fields) {
    const size = type === 'i32' ? 4 : 8
    offset = Math.ceil(offset / size) * size
    offsets[name as F[number][0]] = { offset, type }
    offset += size
  }
  return { offsets, bytes: offset }
}

/** The fields of `Problem` in `assembly/problem.ts`, in its order; addresses are i32. */
export const problemLayout = layout([
  ['n', 'i32'],
  ['m', 'i32'],
  ['size', 'i32'],
  ['k', 'i32'],
  ['kp', 'i32'],
  ['chunk', 'i32'],
  ['observations', 'i32'],
  ['masks', 'i32'],
  ['atoms', 'i32'],
  ['panels', 'i32'],
  ['transposed', 'i32'],
  ['gramHigh', 'i32'],
  ['gramLow', 'i32'],
  ['weights', 'i32'],
  ['warmIndptr', 'i32'],
  ['warmIndices', 'i32'],
  ['warmValues', 'i32'],
  ['outIndices', 'i32'],
  ['outValues', 'i32'],
  ['outCounts', 'i32'],
  ['capacity', 'i32'],
  ['outEnergy', 'i32'],
  ['outGap', 'i32'],
  ['outSteps', 'i32'],
  ['outStatus', 'i32'],
  ['scratch', 'i32'],
  ['scratchStride', 'i32'],
  ['penalty', 'i32'],
  ['nonNegative', 'i32'],
  ['groupSize', 'i32'],
  ['topK', 'i32'],
  ['maxSteps', 'i32'],
  ['certify', 'i32'],
  ['workingCapacity', 'i32'],
  ['lambda', 'f64'],
  ['lambdaRatio', 'f64'],
  ['ridge', 'f64'],
  ['tolerance', 'f64'],
  ['lipschitz', 'f64'],
  ['atomNorm', 'f64'],
  ['residual', 'f64'],
])

/** The fields of `Learning` in `assembly/learning.ts`, in its order. */
export const learningLayout = layout([
  ['n', 'i32'],
  ['m', 'i32'],
  ['k', 'i32'],
  ['kp', 'i32'],
  ['observations', 'i32'],
  ['indices', 'i32'],
  ['values', 'i32'],
  ['counts', 'i32'],
  ['capacity', 'i32'],
  ['atomStarts', 'i32'],
  ['atomRows', 'i32'],
  ['atomValues', 'i32'],
  ['codeProducts', 'i32'],
  ['dataProducts', 'i32'],
  ['atoms', 'i32'],
  ['gradient', 'i32'],
  ['usage', 'i32'],
  ['blockBegin', 'i32'],
  ['blockSize', 'i32'],
  ['nonNegative', 'i32'],
  ['decay', 'f64'],
])

export type ProblemFields = { [name in keyof typeof problemLayout.offsets]: number }
export type LearningFields = { [name in keyof typeof learningLayout.offsets]: number }

/** Writes the given fields of a structure at `at`. */
export function writeFields<Name extends string>(
  buffer: ArrayBufferLike,
  at: number,
  offsets: Record<Name, { offset: number; type: 'i32' | 'f64' }>,
  values: Partial<Record<Name, number>>,
): void {
  const view = new DataView(buffer)
  for (const name in values) {
    const value = values[name]
    if (value === undefined) continue
    const { offset, type } = offsets[name]
    if (type === 'i32') view.setInt32(at + offset, value, true)
    else view.setFloat64(at + offset, value, true)
  }
}
