import { type AdamOptions, adaptive } from './adam.js'
import type { Optimizer } from './optimizer.js'

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): before Adam's step on the bare gradient, p ← p − ηωp.
 * ω = `weightDecay` is 0.01 by default, as in PyTorch.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adaptive('adamW', { ...options, weightDecay: options.weightDecay ?? 0.01 })
}
