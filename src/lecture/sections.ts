import { ConfigurationError } from '../tensor/errors.js'
import { autoencoder } from './autoencoder.js'
import { balls } from './balls.js'
import { colour } from './colour.js'
import { completions } from './completions.js'
import { convergence } from './convergence.js'
import { convolution } from './convolution.js'
import { edges } from './edges.js'
import { labels } from './labels.js'
import { landscape } from './landscape.js'
import { lista } from './lista.js'
import { normalization } from './normalization.js'
import { piecewise } from './piecewise.js'
import { psd } from './psd.js'
import type { LectureSection } from './section.js'
import { strokes } from './strokes.js'
import { vae } from './vae.js'

/** The sections of the lecture, in the order of its table. A new one is its file and a line here. */
export const sections: readonly LectureSection[] = [
  { name: 'landscape', systems: [1, 2], make: landscape },
  { name: 'completions', systems: [1, 2], make: completions },
  { name: 'piecewise', systems: [3], make: piecewise },
  { name: 'normalization', systems: [4], make: normalization },
  { name: 'convergence', systems: [5], make: convergence },
  { name: 'psd', systems: [6], make: psd },
  { name: 'lista', systems: [7], make: lista },
  { name: 'strokes', systems: [8], make: strokes },
  { name: 'edges', systems: [9], make: edges },
  { name: 'convolution', systems: [10], make: convolution },
  { name: 'autoencoder', systems: [11], make: autoencoder },
  { name: 'colour', systems: [12], make: colour },
  { name: 'labels', systems: [13], make: labels },
  { name: 'vae', systems: [14], make: vae },
  { name: 'balls', systems: [15, 16, 17], make: balls },
]

/** The names of the sections, in their order. */
export const sectionNames: readonly string[] = sections.map(({ name }) => name)

/**
 * The sections that are asked for, by name or by the number of a system, in their order; all where nothing is. Throws
 * {@link ConfigurationError} for what is neither, and for an empty list.
 */
export function sectionsOf(only: readonly string[] | undefined): readonly LectureSection[] {
  if (only === undefined) return sections
  const asked = (wanted: string) => (section: LectureSection) =>
    section.name === wanted || section.systems.some((system) => `${system}` === wanted)
  const unknown = only.find((wanted) => !sections.some(asked(wanted)))
  if (unknown !== undefined || only.length === 0) {
    throw new ConfigurationError(
      `The lecture has no section ${JSON.stringify(unknown ?? '')}; it has ${sectionNames.join(', ')}, or give the number of a system, 1 to 17.`,
    )
  }
  return sections.filter((section) => only.some((wanted) => asked(wanted)(section)))
}
