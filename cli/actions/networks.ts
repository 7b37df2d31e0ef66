import { adam, adamW, ConfigurationError, type Optimizer, runtime, sgd } from '../../src/index.js'
import type { GradientOptions } from '../models/options.js'
import type { Session } from '../session.js'

/** The optimizer that the options name; undefined where they leave the model's own. */
export function chosenOptimizer({ optimizer, learningRate }: GradientOptions): Optimizer | undefined {
  if (optimizer === 'sgd') {
    if (learningRate === undefined) throw new ConfigurationError('sgd needs a --learning-rate, for example 0.01.')
    return sgd({ learningRate })
  }
  if (optimizer === 'adam' && learningRate === undefined) return undefined
  const rate = learningRate === undefined ? {} : { learningRate }
  return optimizer === 'adam' ? adam(rate) : adamW(rate)
}

/**
 * Starts what graphs run on, and says where that is not what it would best be. Throws ConfigurationError for a device that is not
 * there, before any data is read.
 */
export async function noteRuntime(session: Session): Promise<void> {
  const { note } = await runtime(session.runtime)
  if (note !== undefined) session.note(note)
}
