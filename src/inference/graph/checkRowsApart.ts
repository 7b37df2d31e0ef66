import { type LatentVariableEnergy, observationInputs, parameterInputs } from '../../energy/latentVariableEnergy.js'
import type { Parameters } from '../../energy/module.js'
import { constant, input, reshape, type Sym } from '../../graph/index.js'
import { knownSize } from '../../graph/shapes.js'
import type { Runtime, Value } from '../../runtime/runtime.js'
import { ShapeError } from '../../tensor/errors.js'
import { rng } from '../../tensor/random.js'
import { sizeOf, type Tensor, takeRows } from '../../tensor/tensor.js'
import { compileOutputs, select } from './programs.js'
import type { Outputs } from './solverGraphs.js'

const ROWS = 3
/** How far a row may differ alone and in company, relative to it: products of one row and of several round differently. */
const ALONE = 1e-3
/** How far a row may differ where other rows change and nothing else: only what mixes rows is felt then. */
const IN_COMPANY = 1e-6

/**
 * Holds the functions of an energy to treat rows apart: what they give for some rows together must be what they give for each alone, and
 * must stay where other rows change. Shapes cannot tell, where a function takes means over the batch and spreads them out again. Throws {@link ShapeError} with the name
 * of the part that mixes rows. Energies of ready parts alone are taken at their word.
 */
export async function checkRowsApart(
  energy: LatentVariableEnergy,
  parameters: Parameters,
  runtime: Runtime,
): Promise<void> {
  const outputs = ownParts(energy, parameters)
  if (Object.keys(outputs).length === 0) return
  const program = await compileOutputs(runtime, outputs)
  try {
    const rows = someRows(energy, 0)
    const others = someRows(energy, 1)
    const run = async (batches: Rows) => await program.run(select(program, parameters, batches))
    const together = await run(rows)
    for (let i = 0; i < ROWS; i++) {
      const alone = await run(mapped(rows, (batch) => takeRows(batch, [i])))
      const inCompany = await run(mapped(rows, (batch, name) => withRow(others[name], batch, i)))
      for (const name of Object.keys(outputs)) {
        const expected = alone[name].data as Float32Array
        const row = ({ data }: Value) => (data as Float32Array).subarray(i * expected.length, (i + 1) * expected.length)
        const found = row(together[name])
        if (alike(found, expected, ALONE) && alike(found, row(inCompany[name]), IN_COMPANY)) continue
        throw new ShapeError(
          `The ${name} mixes the rows of a batch: what it gives for one row changes with the others. Reduce over the axes after the first only.`,
        )
      }
    }
  } finally {
    program.dispose()
  }
}

/** What each part of your own gives, flat, by what it is called. */
function ownParts(energy: LatentVariableEnergy, parameters: Parameters): Outputs {
  const { predictor, decoder, encoder, cost, regularizer, encoderCost } = energy
  const symbols = parameterInputs(parameters)
  const { x, y } = observationInputs(energy)
  const z = input('z', ['n', energy.codeSize])
  const h = energy.context(symbols, x)
  const guess = energy.encode(symbols, y, h)
  const flat = (sym: Sym) => reshape(sym, ['n', knownSize(sym.shape)])
  const own = (part: { describe(): { readonly kind: string } } | undefined): boolean =>
    part !== undefined && JSON.stringify(part.describe()).includes('"kind":"own"')
  return {
    ...(own(predictor) && h ? { predictor: flat(h) } : {}),
    ...(own(decoder) ? { decoder: flat(energy.decode(symbols, h, z)) } : {}),
    ...(own(encoder) && guess ? { encoder: flat(guess) } : {}),
    ...(own(cost) ? { cost: flat(cost.value(y, energy.decode(symbols, h, z))) } : {}),
    ...(own(regularizer) && regularizer ? { regularizer: flat(regularizer.symbolic.value(z, constant(1))) } : {}),
    ...(own(encoderCost) && guess ? { 'encoder cost': flat(encoderCost.value(z, guess)) } : {}),
  }
}

type Rows = Readonly<Record<string, Tensor>>

const mapped = (rows: Rows, change: (batch: Tensor, name: string) => Tensor): Rows =>
  Object.fromEntries(Object.entries(rows).map(([name, batch]) => [name, change(batch, name)]))

/** A batch with row i of another. */
function withRow({ shape, data }: Tensor, other: Tensor, i: number): Tensor {
  const width = data.length / ROWS
  const own = data.slice()
  own.set(other.data.subarray(i * width, (i + 1) * width), i * width)
  return { shape, data: own }
}

function someRows({ xShape, yShape, codeSize }: LatentVariableEnergy, seed: number): Rows {
  const random = rng(seed)
  const drawn = (shape: readonly number[]): Tensor => ({
    shape: [ROWS, ...shape],
    data: Float32Array.from({ length: ROWS * sizeOf(shape) }, () => random.uniform()),
  })
  return { ...(xShape ? { x: drawn(xShape) } : {}), y: drawn(yShape), z: drawn([codeSize]) }
}

function alike(a: Float32Array, b: Float32Array, tolerance: number): boolean {
  return a.every((value, i) => {
    if (!Number.isFinite(value) || !Number.isFinite(b[i])) return Object.is(value, b[i])
    return Math.abs(value - b[i]) <= tolerance * (1 + Math.abs(b[i]))
  })
}
