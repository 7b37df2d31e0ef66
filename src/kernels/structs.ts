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
  ['outStarts', 'i32'],
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

/** The fields of `Convolution` in `assembly/convolution.ts`, in its order. */
export const convolutionLayout = layout([
  ['k', 'i32'],
  ['channels', 'i32'],
  ['kernelHeight', 'i32'],
  ['kernelWidth', 'i32'],
  ['paddedWidth', 'i32'],
  ['mapHeight', 'i32'],
  ['mapWidth', 'i32'],
  ['canvasHeight', 'i32'],
  ['canvasWidth', 'i32'],
  ['stride', 'i32'],
  ['plane', 'i32'],
  ['circular', 'i32'],
  ['periodY', 'i32'],
  ['periodX', 'i32'],
  ['tilesY', 'i32'],
  ['tilesX', 'i32'],
  ['tileRows', 'i32'],
  ['tileColumns', 'i32'],
  ['tiles', 'i32'],
  ['unsettled', 'i32'],
  ['kernels', 'i32'],
  ['panels', 'i32'],
  ['weights', 'i32'],
  ['scales', 'i32'],
  ['curvatures', 'i32'],
  ['positionWeights', 'i32'],
  ['positionScales', 'i32'],
  ['weightPlane', 'i32'],
  ['largestScales', 'i32'],
  ['observation', 'i32'],
  ['mask', 'i32'],
  ['residual', 'i32'],
  ['formed', 'i32'],
  ['change', 'i32'],
  ['reach', 'i32'],
  ['scratch', 'i32'],
  ['scratchStride', 'i32'],
  ['nonNegative', 'i32'],
  ['refinements', 'i32'],
  ['fullest', 'i32'],
  ['accelerated', 'i32'],
  ['round', 'i32'],
  ['anew', 'i32'],
  ['strip', 'i32'],
  ['strips', 'i32'],
  ['lambda', 'f64'],
  ['stepSize', 'f64'],
  ['momentum', 'f64'],
  ['sensitivity', 'f64'],
  ['band', 'f64'],
  ['calm', 'f64'],
  ['faded', 'f64'],
])

export type ProblemFields = { [name in keyof typeof problemLayout.offsets]: number }
export type LearningFields = { [name in keyof typeof learningLayout.offsets]: number }

export type ConvolutionFields = { [name in keyof typeof convolutionLayout.offsets]: number }

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
