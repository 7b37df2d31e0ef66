import type { ImageStep } from '../../src/index.js'

/** The kinds of a pipeline's steps, in order; of a single step its own. */
export function stepKinds({ kind, steps }: ImageStep['config']): string[] {
  return Array.isArray(steps) ? steps.map((step: { kind: string }) => step.kind) : [kind]
}
