import { ConfigurationError } from '../tensor/errors.js'
import { described, type Tensor } from '../tensor/tensor.js'
import { preprocessed } from './preprocessed.js'
import type { Applied, FittedStep, ImageStep, NamedTensors, ObservationStep } from './preprocessor.js'

/**
 * Observation steps one after another; itself a step. `fit` fits each on the data as the steps before it leave it: one pass
 * for each step that learns. Contexts and tensors are those of the steps, named "0.mean", "1.scale" and so on by
 * position. A pipeline of no steps changes nothing.
 */
export function pipeline(steps: readonly ObservationStep[]): ObservationStep {
  requireOneKind(steps, 'observations')
  return {
    on: 'observations',
    kind: 'pipeline',
    async fit(observations, options) {
      const fitted: FittedStep[] = []
      for (const step of steps) {
        fitted.push(await step.fit(preprocessed(observations, fittedPipeline(fitted)), options))
      }
      return fittedPipeline(fitted)
    },
  }
}

/** Fitted observation steps as one. */
export function fittedPipeline(steps: readonly FittedStep[]): FittedStep {
  requireOneKind(steps, 'observations')
  return {
    on: 'observations',
    shape: steps.find((step) => step.shape !== undefined)?.shape,
    ...inTurn(steps),
  }
}

/** Image steps one after another; itself an image step. */
export function imagePipeline(steps: readonly ImageStep[]): ImageStep {
  requireOneKind(steps, 'images')
  const step: ImageStep = { on: 'images', fit: async () => step, ...inTurn(steps) }
  return step
}

function requireOneKind(steps: readonly { readonly on: string }[], on: 'images' | 'observations'): void {
  if (!Array.isArray(steps)) {
    throw new ConfigurationError(`Steps are given as a list, [highPass()]; got ${described(steps)}.`)
  }
  const position = steps.findIndex((step) => step.on !== on)
  if (position >= 0) {
    throw new ConfigurationError(
      `Step ${position} of a pipeline on ${on} works on ${steps[position].on}. Steps on images go to \`transform\` of patches, ` +
        `steps on observations to \`pipeline\`.`,
    )
  }
}

type Composed = Pick<FittedStep, 'config' | 'tensors' | 'apply' | 'invert'>

function inTurn(steps: readonly Composed[]): Composed {
  return {
    config: { kind: 'pipeline', steps: steps.map((step) => step.config) },
    tensors: prefixed(steps.map((step) => step.tensors)),
    apply(input): Applied {
      let output = steps.length === 0 ? copied(input) : input
      const contexts: NamedTensors[] = []
      for (const step of steps) {
        const applied = step.apply(output)
        output = applied.output
        contexts.push(applied.context)
      }
      return { output, context: prefixed(contexts) }
    },
    invert(output, context) {
      let input = steps.length === 0 ? copied(output) : output
      for (let i = steps.length - 1; i >= 0; i--) {
        input = steps[i].invert(input, context === undefined ? undefined : withPrefix(context, i))
      }
      return input
    },
  }
}

function copied(input: Tensor): Tensor {
  return { shape: input.shape, data: input.data.slice() }
}

function prefixed(parts: readonly NamedTensors[]): NamedTensors {
  return Object.fromEntries(
    parts.flatMap((part, i) => Object.entries(part).map(([name, tensor]) => [`${i}.${name}`, tensor])),
  )
}

/** The tensors of step `position` of a pipeline, under the step's own names. */
export function withPrefix(tensors: NamedTensors, position: number): NamedTensors {
  const prefix = `${position}.`
  return Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  )
}
