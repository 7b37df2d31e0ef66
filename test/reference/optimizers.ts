/** Optimizers and schedules on plain numbers in double precision, each as its paper writes it. */

/** How one number moves along its gradients; it keeps what it must remember. */
export type Mover = (parameter: number, gradient: number, rate: number) => number

export function slowSgd({ momentum = 0, nesterov = false, weightDecay = 0 }): Mover {
  let velocity = 0
  return (parameter, gradient, rate) => {
    const total = gradient + weightDecay * parameter
    velocity = momentum * velocity + total
    return parameter - rate * (nesterov ? total + momentum * velocity : velocity)
  }
}

interface AdamNumbers {
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  readonly weightDecay?: number
}

/** Algorithm 1 of Kingma and Ba, ε outside of the root, L2 in the gradient. */
export function slowAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamNumbers): Mover {
  let [t, m, v] = [0, 0, 0]
  return (parameter, gradient, rate) => {
    const g = gradient + weightDecay * parameter
    t++
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    const mHat = m / (1 - beta1 ** t)
    const vHat = v / (1 - beta2 ** t)
    return parameter - (rate * mHat) / (Math.sqrt(vHat) + epsilon)
  }
}

/** Algorithm 2 of Loshchilov and Hutter: Adam on the bare gradient, and the parameter shrunk by itself. */
export function slowAdamW({ weightDecay = 0.01, ...rest }: AdamNumbers): Mover {
  const adam = slowAdam(rest)
  return (parameter, gradient, rate) => adam(parameter - rate * weightDecay * parameter, gradient, rate)
}

/** The rate after `t` steps. */
export type SlowRate = (t: number) => number

export function slowCosine(rate: number, steps: number, floor: number): SlowRate {
  return (t) => (t >= steps ? floor : floor + ((rate - floor) * (1 + Math.cos((Math.PI * t) / steps))) / 2)
}

export function slowStep(rate: number, factor: number, at: readonly number[]): SlowRate {
  return (t) => rate * factor ** at.filter((drop) => t >= drop).length
}

export function slowExponential(rate: number, factor: number, every: number): SlowRate {
  return (t) => rate * factor ** (t / every)
}

export function slowWarmUp(steps: number, to: SlowRate): SlowRate {
  return (t) => (t < steps ? ((t + 1) / steps) * to(0) : to(t - steps))
}

/** Gradients scaled down together so that their norm is at most `bound`. */
export function slowNormClip(gradients: readonly (readonly number[])[], bound: number): number[][] {
  const norm = Math.sqrt(gradients.flat().reduce((sum, g) => sum + g * g, 0))
  return gradients.map((each) => each.map((g) => (norm > bound ? (g * bound) / norm : g)))
}
