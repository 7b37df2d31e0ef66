import type { ModelCommand } from './model.js'
import { sparseCoding } from './sparseCoding.js'

/** The models that the command line knows, in the order of the help. */
export const models: ModelCommand[] = [sparseCoding]
