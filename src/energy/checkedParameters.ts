import { ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'

/**
 * Gives first parameters back. Throws {@link ShapeError} with the name of the module and of the parameter unless each is a tensor,
 * { shape, data }, whose sizes are whole numbers from 1 and multiply to the length of its Float32Array.
 */
export function checkedParameters<P extends Readonly<Record<string, Tensor>>>(module: string, parameters: P): P {
  if (typeof parameters !== 'object' || parameters === null) {
    throw new ShapeError(
      `init of the module "${module}" returned ${String(parameters)}; it must return parameters by their names.`,
    )
  }
  for (const [name, parameter] of Object.entries<unknown>(parameters)) {
    const wrong = whatIsWrong(parameter)
    if (wrong !== undefined) {
      throw new ShapeError(
        `The parameter "${name}" of the module "${module}" ${wrong}; init must give it as { shape: [2, 3], data: new Float32Array(6) }, with sizes of 1 or more.`,
      )
    }
  }
  return parameters
}

function whatIsWrong(parameter: unknown): string | undefined {
  if (typeof parameter !== 'object' || parameter === null) return `is ${String(parameter)}`
  if (!('shape' in parameter && Array.isArray(parameter.shape))) return 'has no shape'
  const shape: readonly unknown[] = parameter.shape
  const sizes = shape.filter((size): size is number => Number.isSafeInteger(size) && Number(size) >= 1)
  if (sizes.length < shape.length) return `has the shape [${shape.join(', ')}]`
  if (!('data' in parameter && parameter.data instanceof Float32Array)) return 'has data that is no Float32Array'
  const size = sizes.reduce((product, extent) => product * extent, 1)
  if (size === parameter.data.length) return undefined
  return `has ${parameter.data.length} numbers for the shape ${formatShape(sizes)}`
}
