import { EnergiaError, FileFormatError } from '../tensor/errors.js'
import { formatShape, sameShape, sizeOf, type Tensor } from '../tensor/tensor.js'
import { centre } from './centre.js'
import { contrastNormalize } from './contrastNormalize.js'
import { highPass } from './highPass.js'
import { localContrast } from './localContrast.js'
import { olshausen } from './olshausen.js'
import { fittedPipeline, imagePipeline, withPrefix } from './pipeline.js'
import type { FittedStep, ImageStep, NamedTensors } from './preprocessor.js'
import { fittedUnitVariance } from './unitVariance.js'
import { fittedZca } from './zca.js'

/**
 * The fitted observation step that `config` and `tensors` were saved from, to the same bits. Both may come from a file that
 * someone has edited: throws {@link FileFormatError} for an unknown kind, a missing or impossible option, or a tensor
 * that is missing, of a wrong shape, or not finite.
 */
export function restore(config: unknown, tensors: NamedTensors): FittedStep {
  const saved = savedStep(config, tensors)
  return checked(saved.kind, () => {
    switch (saved.kind) {
      case 'centre':
        return centre({ perChannel: saved.flag('perChannel') })
      case 'contrastNormalize':
        return contrastNormalize({ floor: saved.number('floor') })
      case 'unitVariance': {
        const per = saved.oneOf('per', ['all', 'feature'])
        const scale = saved.tensor('scale', per === 'all' ? [] : undefined)
        if (!scale.data.every((value) => value > 0))
          throw new FileFormatError('The saved scale must be above 0 everywhere.')
        return fittedUnitVariance(per, saved.number('floor'), scale)
      }
      case 'zca': {
        const mean = saved.tensor('mean')
        const m = sizeOf(mean.shape)
        const square = [m, m]
        return fittedZca(saved.number('floor'), {
          mean,
          eigenvalues: saved.tensor('eigenvalues', [m]),
          whitening: saved.tensor('whitening', square),
          unwhitening: saved.tensor('unwhitening', square),
        })
      }
      case 'pipeline':
        return fittedPipeline(saved.steps().map((step, i) => restore(step, withPrefix(tensors, i))))
      default:
        return unknownKind(saved.kind, ['centre', 'contrastNormalize', 'unitVariance', 'zca', 'pipeline'])
    }
  })
}

/** The image step that `config` was saved from. Throws {@link FileFormatError} as {@link restore} does. */
export function restoreImageStep(config: unknown): ImageStep {
  const saved = savedStep(config, {})
  return checked(saved.kind, () => {
    switch (saved.kind) {
      case 'olshausen':
        return olshausen({ cutoff: saved.number('cutoff'), floor: saved.number('floor') })
      case 'localContrast':
        return localContrast({ sigma: saved.number('sigma'), floor: saved.number('floor') })
      case 'highPass': {
        const spatial = saved.number('spatial') === 1 ? 1 : 2
        return saved.oneOf('filter', ['tikhonov', 'gaussian']) === 'gaussian'
          ? highPass({ kind: 'gaussian', sigma: saved.number('sigma'), spatial })
          : highPass({ strength: saved.number('strength'), padding: saved.number('padding'), spatial })
      }
      case 'pipeline':
        return imagePipeline(saved.steps().map(restoreImageStep))
      default:
        return unknownKind(saved.kind, ['olshausen', 'localContrast', 'highPass', 'pipeline'])
    }
  })
}

/** Options that a factory refuses are, here, a broken file. */
function checked<S>(kind: string, build: () => S): S {
  try {
    return build()
  } catch (error) {
    if (error instanceof FileFormatError || !(error instanceof EnergiaError)) throw error
    throw new FileFormatError(`The saved preprocessing step "${kind}" cannot be restored: ${error.message}`)
  }
}

function unknownKind(kind: string, known: readonly string[]): never {
  throw new FileFormatError(
    `The saved preprocessing has a step of the unknown kind "${kind}"; known here are ${known.join(', ')}. ` +
      'It may come from a newer version.',
  )
}

function savedStep(config: unknown, tensors: NamedTensors) {
  if (typeof config !== 'object' || config === null || !('kind' in config) || typeof config.kind !== 'string') {
    throw new FileFormatError(
      'A saved preprocessing step must be an object with a "kind"; the configuration is damaged.',
    )
  }
  const kind = config.kind
  const options = new Map<string, unknown>(Object.entries(config))
  const wrong = (name: string, expected: string): never => {
    throw new FileFormatError(
      `The saved preprocessing step "${kind}" needs ${expected} "${name}"; got ${JSON.stringify(options.get(name))}.`,
    )
  }
  return {
    kind,
    number(name: string): number {
      const value = options.get(name)
      return typeof value === 'number' ? value : wrong(name, 'a number')
    },
    flag(name: string): boolean {
      const value = options.get(name)
      return typeof value === 'boolean' ? value : wrong(name, 'a true or false')
    },
    oneOf<T extends string>(name: string, known: readonly T[]): T {
      return known.find((value) => value === options.get(name)) ?? wrong(name, `one of ${known.join(', ')} as`)
    },
    steps(): readonly unknown[] {
      const value = options.get('steps')
      return Array.isArray(value) ? value : wrong('steps', 'a list')
    },
    tensor(name: string, shape?: readonly number[]): Tensor {
      const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined
      if (found === undefined) throw new FileFormatError(`The saved step "${kind}" lacks its tensor "${name}".`)
      if (shape !== undefined && !sameShape(found.shape, shape)) {
        throw new FileFormatError(
          `The tensor "${name}" of the saved step "${kind}" is ${formatShape(found.shape)}; ` +
            `${formatShape(shape)} was expected.`,
        )
      }
      if (!found.data.every(Number.isFinite)) {
        throw new FileFormatError(`The tensor "${name}" of the saved step "${kind}" holds NaN or infinite numbers.`)
      }
      return found
    },
  }
}
