import { parameterInputs } from '../energy/latentVariableEnergy.js'
import { type Parameters, partName } from '../energy/module.js'
import { input } from '../graph/index.js'
import type { GraphEncodeOptions } from '../inference/graph/encodeSettings.js'
import type { GraphEncoder } from '../inference/graph/graphEncoder.js'
import { checkBatch } from '../inference/graph/observed.js'
import { type Programs, select } from '../inference/graph/programs.js'
import { inSlices } from '../inference/graph/solveRows.js'
import { ConfigurationError } from '../tensor/errors.js'
import { type Rng, rng } from '../tensor/random.js'
import { sizeOf, type Tensor, takeRows, zeros } from '../tensor/tensor.js'

export interface PredictOptions {
  /** How many ȳ for each x; 10 by default. */
  readonly count?: number
  /**
   * Where codes come from: `learned` (those kept from learning), `prior` (drawn from the density proportional to exp(−λR(z))), or codes of your own
   * [count, k]. Learned ones by default, where there are any.
   */
  readonly codes?: 'learned' | 'prior' | Tensor
  /** What predictions are ranked by: the energy of ȳ with its code (the default), or ȳ's free energy, min over z, which infers anew. */
  readonly rank?: 'energy' | 'freeEnergy'
  readonly seed?: number
  /** How codes are inferred where free energies rank. */
  readonly inference?: GraphEncodeOptions
}

/** A set of ȳ for each x, the one of least energy first. */
export interface Predictions {
  /** [n, count, …y]; n is 1 where there is no x. */
  readonly predictions: Tensor
  /** The codes behind them, [n, count, k]. */
  readonly codes: Tensor
  /** What they are ranked by, [n, count] row after row. */
  readonly energy: Float64Array
}

/** What predicting takes of a model. */
export interface PredictiveParts {
  readonly encoder: GraphEncoder
  readonly programs: Programs
  readonly parameters: Parameters
  readonly keptCodes: Tensor | undefined
  readonly seed: number
}

const DECODE_ROWS = 2048

/** ȳ, the mean of y under the model, of codes [n, k] and x [n, …]. */
export async function decodeCodes(parts: PredictiveParts, codes: Tensor, x: Tensor | undefined): Promise<Tensor> {
  const { encoder, programs, parameters } = parts
  const { energy } = encoder
  const program = await programs.get('decode', () => {
    const symbols = parameterInputs(parameters)
    const h = energy.context(symbols, energy.xShape && input('x', ['n', ...energy.xShape]))
    return { decoded: energy.cost.mean(energy.decode(symbols, h, input('z', ['n', energy.codeSize]))) }
  })
  const decoded = zeros([codes.shape[0], ...energy.yShape])
  const width = sizeOf(energy.yShape)
  await inSlices(x ? { x, z: codes } : { z: codes }, DECODE_ROWS, async (rows, from) => {
    const made = await program.run(select(program, parameters, rows))
    decoded.data.set(made.decoded.data as Float32Array, from * width)
  })
  return decoded
}

/** See {@link PredictOptions}. */
export async function predictSet(
  parts: PredictiveParts,
  x: Tensor | undefined,
  { count = 10, codes = parts.keptCodes ? 'learned' : 'prior', rank = 'energy', seed, inference }: PredictOptions,
): Promise<Predictions> {
  const { encoder } = parts
  const { energy } = encoder
  const rows = checkX(parts, x)
  const chosen = typeof codes === 'string' ? drawCodes(parts, codes, count, rng(seed ?? parts.seed, 2)) : codes
  checkBatch('codes', chosen, [energy.codeSize])
  const [each] = chosen.shape
  const repeat = (batch: Tensor, times: number) =>
    takeRows(
      batch,
      Array.from({ length: batch.shape[0] * times }, (_, i) => Math.floor(i / times)),
    )
  const z = takeRows(
    chosen,
    Array.from({ length: rows * each }, (_, i) => i % each),
  )
  const given = x && repeat(x, each)
  const y = await decodeCodes(parts, z, given)
  const observed = given ? { x: given, y } : { y }
  const energies =
    rank === 'energy' ? await encoder.energyOf({ ...observed, z }) : (await encoder.find(observed, inference)).energy
  const order = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: each }, (_, i) => row * each + i).sort((a, b) => energies[a] - energies[b] || a - b),
  ).flat()
  return {
    predictions: { shape: [rows, each, ...energy.yShape], data: takeRows(y, order).data },
    codes: { shape: [rows, each, energy.codeSize], data: takeRows(z, order).data },
    energy: Float64Array.from(order, (at) => energies[at]),
  }
}

/** Codes that a model would give: kept ones in a random order (again and again where more are asked for), or draws of the prior. */
export function drawCodes(
  { keptCodes, encoder }: PredictiveParts,
  from: 'learned' | 'prior',
  count: number,
  random: Rng,
): Tensor {
  if (!Number.isInteger(count) || count < 1) {
    throw new ConfigurationError(`count must be a whole number, 1 or more; got ${count}.`)
  }
  const { codeSize, regularizer } = encoder.energy
  if (from === 'learned') {
    if (!keptCodes) {
      throw new ConfigurationError(
        'This model has not learned, and has no codes of its own; draw them from the prior, or give codes.',
      )
    }
    const order = random.shuffle(Array.from({ length: keptCodes.shape[0] }, (_, i) => i))
    return takeRows(
      keptCodes,
      Array.from({ length: count }, (_, i) => order[i % order.length]),
    )
  }
  if (from !== 'prior')
    throw new ConfigurationError(`codes must be "learned", "prior" or a batch of codes; got "${from}".`)
  const { draw } = regularizer ?? {}
  if (!draw) {
    throw new ConfigurationError(
      `${regularizer ? `The regularizer ${partName(regularizer)} gives` : 'An energy without a regularizer gives'} no density that codes could be drawn from; use learned codes, or give codes.`,
    )
  }
  const codes = zeros([count, codeSize])
  for (let i = 0; i < count; i++) codes.data.set(draw(random, codeSize), i * codeSize)
  return codes
}

function checkX({ encoder }: PredictiveParts, x: Tensor | undefined): number {
  const { xShape } = encoder.energy
  if (xShape === undefined) {
    if (x) throw new ConfigurationError('x was given to an energy without one; leave it out.')
    return 1
  }
  if (!x) throw new ConfigurationError('The energy explains y from x; pass x to predict from.')
  checkBatch('x', x, xShape)
  return x.shape[0]
}
