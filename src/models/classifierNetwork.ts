import { applyModule, type Module, type Parameters, prefixed, type SymParameters, scoped } from '../energy/module.js'
import { constant, input, reshape, type Sym } from '../graph/index.js'
import { compileOutputs } from '../inference/graph/programs.js'
import { turn } from '../kernels/turn.js'
import type { ImageStep } from '../preprocess/preprocessor.js'
import type { Program, Runtime } from '../runtime/runtime.js'
import { CancelledError } from '../tensor/errors.js'
import { rows, sizeOf, type Tensor } from '../tensor/tensor.js'

/** Observations that a graph is given at once. */
const BATCH = 250

/** The two parts of a classifier: features of observations, and one number a class from features. */
export interface ClassifierNetwork {
  readonly body: Module
  readonly head: Module
}

/** Parameters of both parts, as files and graphs name them: `body.…` and `head.…`. */
export const joinedParameters = (body: Parameters, head: Parameters): Parameters => ({
  ...prefixed(body, 'body'),
  ...prefixed(head, 'head'),
})

/** Features [n, …] of observations [n, …shape]. */
export const featuresOf = ({ body }: ClassifierNetwork, parameters: SymParameters, x: Sym): Sym =>
  applyModule('body', body, scoped(parameters, 'body'), x)

/** One number a class, [n, classes], from features; their softmax are probabilities. */
export const scoresOf = ({ head }: ClassifierNetwork, parameters: SymParameters, features: Sym): Sym =>
  applyModule('head', head, scoped(parameters, 'head'), features)

/** A function of observations [n, …shape] as a program, with its parameters inside. Disposed of by who compiles it. */
export function compileFor(
  runtime: Runtime,
  shape: readonly number[],
  parameters: Parameters,
  build: (parameters: SymParameters, x: Sym) => Sym,
): Promise<Program> {
  const symbols = Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, constant(tensor)]))
  const output = build(symbols, input('x', ['n', ...shape]))
  return compileOutputs(runtime, { output: output.shape.length === 2 ? output : flat(output) })
}

const flat = (x: Sym): Sym => reshape(x, ['n', sizeOf(x.shape.slice(1) as number[])]) // only the batch is open

/** What a program gives for observations, [n, width], a part at a time; `stopped` says what was being done. */
export async function runInParts(
  program: Program,
  x: Tensor,
  width: number,
  { signal, stopped }: { readonly signal?: AbortSignal | undefined; readonly stopped: string },
): Promise<Tensor> {
  const [count] = x.shape
  const data = new Float32Array(count * width)
  for (let begin = 0; begin < count; begin += BATCH) {
    if (signal?.aborted) throw new CancelledError(stopped)
    const end = Math.min(begin + BATCH, count)
    const { output } = await program.run({ x: rows(x, begin, end) })
    data.set(output.data as Float32Array, begin * width) // these graphs compute in single precision throughout
    await turn()
  }
  return { shape: [count, width], data }
}

/** Images [n, …shape] with a step done to each. */
export function transformed(images: Tensor, transform: ImageStep): Tensor {
  const [count, ...shape] = images.shape
  const width = sizeOf(shape)
  const data = new Float32Array(images.data.length)
  for (let i = 0; i < count; i++) {
    const image = { shape, data: images.data.subarray(i * width, (i + 1) * width) }
    data.set(transform.apply(image).output.data, i * width)
  }
  return { shape: images.shape, data }
}
