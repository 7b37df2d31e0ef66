import { ConfigurationError } from '../../src/index.js'

/** How options are written. */
const flags = {
  solver: '--solver',
  tolerance: '--tolerance',
  maxSteps: '--max-steps',
  seconds: '--seconds',
  sweeps: '--sweeps',
  restarts: '--restarts',
  samples: '--samples',
  seed: '--seed',
  mask: '--mask',
  device: '--device',
} as const

/** Throws ConfigurationError where an option was given that a model has no use for. */
export function refuse(
  model: string,
  options: { readonly [Name in keyof typeof flags]?: unknown },
  names: readonly (keyof typeof flags)[],
  why: string,
): void {
  const given = names.find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw new ConfigurationError(`${model} takes no ${flags[given]}, since ${why}; leave it out.`)
}
