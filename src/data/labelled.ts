import { DataError, ShapeError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { toTensor } from './fromTensor.js'
import type { Observations } from './observations.js'
import { checkFinite, checkSomething } from './passes.js'

/** Observations with the class of each, as `digits()` and `mnist()` give them. */
export interface Labelled {
  /** In memory, [n, …shape], or a source, which is read into memory. */
  readonly observations: Tensor | Observations
  /** The class of each: whole numbers from 0 to classes − 1. */
  readonly labels: ArrayLike<number>
  /** What people call the classes; their numbers by default. */
  readonly classes?: readonly string[]
  readonly name?: string
}

/** The same in memory, checked. */
export interface LabelledTensor {
  readonly name: string
  readonly observations: Tensor
  readonly labels: Uint32Array
  readonly classes: readonly string[]
}

/**
 * Labelled observations in memory. Throws {@link ShapeError} unless there is a label for each, and {@link DataError} for a label that
 * is no class, fewer than two classes, a class without an observation (unless `known` classes are those of other data), none at
 * all, and numbers that are not finite.
 */
export async function checkedLabelled(data: Labelled, known?: readonly string[]): Promise<LabelledTensor> {
  const inMemory = 'data' in data.observations
  const name = data.name ?? (inMemory ? 'the labelled observations' : (data.observations as Observations).name)
  const observations = 'data' in data.observations ? data.observations : await toTensor(data.observations)
  const [count = 0, ...shape] = observations.shape
  checkSomething(name, shape, count)
  if (inMemory) checkFinite(observations.data, name)
  if (data.labels.length !== count) {
    throw new ShapeError(`${name} has ${count} observations and ${data.labels.length} labels; give one for each.`)
  }
  const told = known ?? data.classes
  const classes = told ?? numbered(data.labels)
  const labels = new Uint32Array(count)
  const counts = new Uint32Array(classes.length)
  for (let i = 0; i < count; i++) {
    const label = data.labels[i]
    if (!(Number.isInteger(label) && label >= 0 && label < classes.length)) {
      throw new DataError(
        told
          ? `Label ${i} of ${name} is ${label}; with ${classes.length} classes labels are whole numbers from 0 to ${classes.length - 1}.`
          : `Label ${i} of ${name} is ${label}; labels are whole numbers from 0 to ${MOST_CLASSES - 1}. Number the classes from 0 without gaps.`,
      )
    }
    labels[i] = label
    counts[label]++
  }
  if (known) return { name, observations, labels, classes }
  if (classes.length < 2) {
    throw new DataError(`${name} is all of one class (${classes[0]}); to tell classes apart there must be two or more.`)
  }
  const empty = counts.indexOf(0)
  if (empty >= 0) {
    throw new DataError(
      `${name} has no observation of class ${classes[empty]}; number classes from 0 without gaps, or leave the class out.`,
    )
  }
  return { name, observations, labels, classes }
}

/** The largest number of classes that labels alone can tell of: more are numbers of something else. */
const MOST_CLASSES = 10_000

/** Classes called by their numbers. */
function numbered(labels: ArrayLike<number>): string[] {
  let largest = 0
  for (let i = 0; i < labels.length; i++) if (labels[i] > largest) largest = labels[i]
  return Array.from({ length: Math.min(Math.floor(largest) + 1, MOST_CLASSES) }, (_, c) => String(c))
}

/** Where the observations of each class stand, in their order. */
export function membersOf(labels: ArrayLike<number>, classes: number): number[][] {
  const members = Array.from({ length: classes }, (): number[] => [])
  for (let i = 0; i < labels.length; i++) members[labels[i]].push(i)
  return members
}
