import type { Measure } from '../artifacts/modelCard.js'
import type { EpochProgress, LearningStatus } from './epochProgress.js'

/** What cards tell of learning in epochs, with the terms of a model between its energies and the rest; nothing before learning. */
export function learningMeasures<Progress extends EpochProgress>(
  history: readonly Progress[],
  terms: (last: Progress) => readonly Measure[],
  status?: LearningStatus,
): Measure[] {
  const last = history.at(-1)
  if (!last) return []
  const { energy, heldOutEnergy, seen, seconds } = last
  return [
    { name: 'energy an observation', value: energy, note: 'mean over the last batches of learning' },
    ...(heldOutEnergy === undefined ? [] : [{ name: 'held-out energy an observation', value: heldOutEnergy }]),
    ...terms(last),
    { name: 'observations learned from', value: seen, note: 'repetitions counted' },
    { name: 'seconds of learning', value: seconds },
    ...(status === undefined ? [] : [{ name: 'learning', value: status }]),
  ]
}

/** Tensors of single precision under a prefix, as cards list them. */
export function listedTensors(
  prefix: string,
  tensors: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): { name: string; dtype: string; shape: readonly number[] }[] {
  return Object.entries(tensors).map(([name, { shape }]) => ({ name: `${prefix}.${name}`, dtype: 'F32', shape }))
}
