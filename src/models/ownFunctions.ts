import { checksum } from '../artifacts/fingerprint.js'
import { encodeOnnx, type Sym } from '../graph/index.js'

/** Whether a description has a part, or a part of a part, that is made of somebody's own functions. */
export function hasOwnParts(description: unknown): boolean {
  if (typeof description !== 'object' || description === null) return false
  return ('kind' in description && description.kind === 'own') || Object.values(description).some(hasOwnParts)
}

/**
 * What tells somebody's own functions from edited ones of the same names: a checksum of the graph that they make. It is for the
 * settings of a run, so that learning does not go on with other functions than it was begun with; nothing where all parts are ready ones.
 */
export function ownFunctions(
  description: unknown,
  graph: () => Readonly<Record<string, Sym>>,
): { readonly ownFunctions?: string } {
  return hasOwnParts(description) ? { ownFunctions: checksum([encodeOnnx({ name: 'own', outputs: graph() })]) } : {}
}
