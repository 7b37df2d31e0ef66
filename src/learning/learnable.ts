import type { ParameterShapes } from '../energy/module.js'
import { checkRoom } from '../runtime/room.js'

/** Parameters, their gradients, and at least two more of each while a step is taken. */
const COPIES = 4

/**
 * Throws `ConfigurationError` where learning parameters of these shapes would take more memory than can be had, before any of them is
 * drawn. It is the least that learning takes; `gradientTraining` counts the rest.
 */
export function checkLearnable(shapes: ParameterShapes): void {
  const count = Object.values(shapes).reduce(
    (total, shape) => total + shape.reduce((size, extent) => size * extent, 1),
    0,
  )
  checkRoom(4 * COPIES * count, learning(count), SMALLER)
}

/** What is refused, and what to do. */
export const learning = (count: number): string =>
  `Learning ${count} parameters, with their gradients and what the optimizer remembers,`
export const SMALLER = 'Take fewer units or smaller layers.'
