import { DataError, exportOnnx, type Tensor, takeRows, type VariationalModel } from '../../src/index.js'
import { given as present } from '../given.js'
import type { Learned } from '../models/model.js'
import { refuse } from './codingOptions.js'
import { pairsOf } from './conditional.js'
import { vaePortrait } from './vaeReport.js'

/** A variational auto-encoder as the commands use it. */
export function learnedVae(model: VariationalModel): Learned {
  const { shapes, latent } = model.settings
  return {
    kind: 'vae',
    observation: shapes.y,
    codeLength: latent,
    transform: undefined,
    preprocessing: [],
    ...present({ given: shapes.x }),
    coder(options) {
      refuse(
        'vae',
        options,
        ['solver', 'tolerance', 'maxSteps', 'seconds', 'sweeps', 'restarts'],
        'its codes come from its encoder',
      )
      const { samples, seed } = options
      return async function* (data, signal) {
        const batches = model.encodeBatches(pairsOf(data, shapes), { signal, ...present({ samples, seed }) })
        for await (const { first, inference, context } of batches) {
          yield { first, inference, context: present({ x: context.x }), columns: { deviation: inference.deviations } }
        }
      }
    },
    decode: (codes, context) => model.decode(codes, conditionFrom(context, shapes.x)),
    explain: () => 'Their numbers are too large for the networks; look for observations unlike those learned from.',
    sample: ({ count, seed, x, signal }) =>
      sampled(x, signal, (condition) => model.sample(count, { seed, ...(condition ? { x: condition } : {}) })),
    onnx: (options) => exportOnnx(model, options),
    portrait: () => vaePortrait(model),
    dispose: () => model.dispose(),
  }
}

/** Samples for each row of x, or for none. */
export async function* sampled(
  x: Tensor | undefined,
  signal: AbortSignal,
  draw: (x: Tensor | undefined) => Promise<Tensor>,
): AsyncGenerator<Tensor> {
  if (x === undefined) yield await draw(undefined)
  else for (let row = 0; row < x.shape[0] && !signal.aborted; row++) yield await draw(takeRows(x, [row]))
}

/** The x that was saved with codes. Throws DataError where a model needs one and there is none. */
export function conditionFrom(
  context: Readonly<Record<string, Tensor>> | undefined,
  shape: readonly number[] | undefined,
): { readonly x?: Tensor } {
  if (shape === undefined) return {}
  if (context?.x) return { x: context.x }
  throw new DataError(
    'The codes come without the x that this model explains observations from; write them with energia encode.',
  )
}
