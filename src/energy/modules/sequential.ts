import { ConfigurationError } from '../../tensor/errors.js'
import { type Module, type ParameterShapes, parameterShapes, prefixed, scoped } from '../module.js'
import { checkedSize } from './inputs.js'

/**
 * Modules one after the other; the first takes all inputs. Parameters stand under the module's place: `0.weight`, `1.kernel`.
 * Throws ConfigurationError where there are none.
 */
export function sequential(...modules: Module[]): Module {
  const last = modules.at(-1)
  if (!last) throw new ConfigurationError('sequential needs at least one module.')
  const shapes = (): ParameterShapes =>
    Object.assign({}, ...modules.map((module, i) => prefixed(parameterShapes(module), String(i))))
  if (modules.every((module) => module.shapes)) checkedSize('sequential', shapes())
  return {
    kind: 'sequential',
    outputShape: last.outputShape,
    shapes,
    init: (random) => Object.assign({}, ...modules.map((module, i) => prefixed(module.init(random), String(i)))),
    apply: (parameters, ...inputs) =>
      modules
        .slice(1)
        .reduce(
          (x, module, i) => module.apply(scoped(parameters, String(i + 1)), x),
          modules[0].apply(scoped(parameters, '0'), ...inputs),
        ),
    describe: () => ({ kind: 'sequential', modules: modules.map((module) => module.describe()) }),
  }
}
