import { concat, reshape } from '../../graph/index.js'
import { knownSize } from '../../graph/shapes.js'
import { describe, type Sym } from '../../graph/sym.js'
import { ConfigurationError, ShapeError } from '../../tensor/errors.js'
import type { Rng } from '../../tensor/random.js'
import { formatShape, sizeOf, type Tensor } from '../../tensor/tensor.js'
import type { ParameterShapes } from '../module.js'

/** The most bytes that the parameters of one module may take, 1 GiB: optimizers keep several times as much. */
export const MOST_BYTES = 2 ** 30

/**
 * Gives the shapes of a module's parameters back. Throws {@link ConfigurationError} with their size where they take more than
 * {@link MOST_BYTES}, before anything is allocated.
 */
export function checkedSize(what: string, shapes: ParameterShapes): ParameterShapes {
  let bytes = 0
  for (const [name, shape] of Object.entries(shapes)) {
    // Not sizeOf, which refuses what cannot be counted with another sentence.
    bytes += 4 * shape.reduce((size, extent) => size * extent, 1)
    if (bytes > MOST_BYTES) {
      throw new ConfigurationError(
        `The ${name} of a ${what} module of ${formatShape(shape)} numbers would bring its parameters to ${(bytes / 2 ** 30).toPrecision(3)} GiB; a module may have ${MOST_BYTES / 2 ** 30} GiB. Take smaller sizes.`,
      )
    }
  }
  return shapes
}

/** Inputs [n, …] laid flat and joined in their order: [n, total]. */
export function joinFlat(inputs: readonly Sym[]): Sym {
  const flat = inputs.map((x) => (x.shape.length === 2 ? x : reshape(x, ['n', knownSize(x.shape)])))
  return flat.length === 1 ? flat[0] : concat(flat, 1)
}

/** Throws {@link ShapeError}, with the names and shapes of inputs, unless a module for `size` numbers an observation was given as many. */
export function checkInputs(what: string, size: number, inputs: readonly Sym[]): void {
  const given = inputs.reduce((total, x) => total + knownSize(x.shape), 0)
  if (given !== size) {
    throw new ShapeError(
      `The ${what} module is for ${size} numbers an observation; it was given ${inputs.map(describe).join(' and ') || 'nothing'}, ${given} of them.`,
    )
  }
}

/** Normal numbers of mean 0. */
export function normalTensor(random: Rng, shape: readonly number[], deviation: number): Tensor {
  checkedSize('ready', { weight: shape })
  const data = new Float32Array(sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal()
  return { shape: [...shape], data }
}

/** A tensor of one value. */
export function filled(shape: readonly number[], value: number): Tensor {
  checkedSize('ready', { parameter: shape })
  return { shape: [...shape], data: new Float32Array(sizeOf(shape)).fill(value) }
}
