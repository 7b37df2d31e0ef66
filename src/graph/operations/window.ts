import { ConfigurationError } from '../../tensor/errors.js'

/** How a kernel moves over an image; one entry for each spatial axis. */
export interface Window {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** Zeros before and after each axis. */
  readonly pads: readonly (readonly [number, number])[]
  readonly group: number
}

/** One number for all spatial axes, or one for each. */
type PerAxis = number | readonly number[]

export interface ConvolutionOptions {
  /** Steps between places of the kernel; 1 by default. */
  readonly strides?: PerAxis
  /** Distances between the kernel's entries; 1 by default. */
  readonly dilations?: PerAxis
  /**
   * Zeros around the image: as many on all sides, for each axis, or [before, after] for each; `'valid'` (none, the default);
   * `'same'`, so that the result has the image's size, divided (or, transposed, multiplied) by the strides.
   */
  readonly padding?: number | readonly (number | readonly [number, number])[] | 'same' | 'valid'
  /** Channels are parted into so many groups, each with kernels of its own; 1 by default. */
  readonly group?: number
}

function perAxis(operation: string, name: string, value: PerAxis, rank: number, least: number): readonly number[] {
  const list = typeof value === 'number' ? Array.from({ length: rank }, () => value) : value
  if (list.length !== rank || !list.every((each) => Number.isSafeInteger(each) && each >= least)) {
    throw new ConfigurationError(
      `${operation}: ${name} must be a whole number of ${least} or more, or ${rank} of them; got ${JSON.stringify(value)}.`,
    )
  }
  return list
}

/** The span that a kernel covers. */
export const reach = (size: number, dilation: number): number => (size - 1) * dilation + 1

/** How many places a kernel takes on a padded axis. */
export const places = (size: number, kernel: number, axis: number, { strides, dilations, pads }: Window): number =>
  Math.floor((size + pads[axis][0] + pads[axis][1] - reach(kernel, dilations[axis])) / strides[axis]) + 1

/**
 * Checked options, with `'same'` resolved: `missing` says how many zeros each axis needs for it. Throws
 * {@link ConfigurationError} for strides, dilations, paddings or groups that make no sense.
 */
export function checkedWindow(
  operation: string,
  options: ConvolutionOptions,
  rank: number,
  missing: (axis: number, stride: number, dilation: number) => number,
): Window {
  const strides = perAxis(operation, 'strides', options.strides ?? 1, rank, 1)
  const dilations = perAxis(operation, 'dilations', options.dilations ?? 1, rank, 1)
  const { padding = 'valid', group = 1 } = options
  if (!Number.isSafeInteger(group) || group < 1) {
    throw new ConfigurationError(`${operation}: group must be a whole number, 1 or more; got ${group}.`)
  }
  return { strides, dilations, pads: pads(), group }

  function pads(): Window['pads'] {
    if (padding === 'valid') return strides.map(() => [0, 0])
    if (padding === 'same') {
      return strides.map((stride, axis) => {
        const total = Math.max(missing(axis, stride, dilations[axis]), 0)
        return [Math.floor(total / 2), Math.ceil(total / 2)]
      })
    }
    if (typeof padding === 'string') {
      throw new ConfigurationError(
        `${operation}: padding must be 'same', 'valid', a number, or one entry for each axis; got '${String(padding)}'.`,
      )
    }
    const list = typeof padding === 'number' ? strides.map(() => padding) : padding
    const pairs = list.map((each) => (typeof each === 'number' ? ([each, each] as const) : each))
    if (pairs.length !== rank) {
      throw new ConfigurationError(`${operation}: padding needs ${rank} entries; got ${JSON.stringify(padding)}.`)
    }
    for (const pair of pairs) perAxis(operation, 'padding', pair, 2, 0)
    return pairs
  }
}

/** The attributes that Conv and ConvTranspose share. */
export const windowAttributes = ({ strides, dilations, pads, group }: Window, kernel: readonly number[]) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)],
  group,
})

/** Checks what convTranspose adds at the end of each axis: fewer entries than the stride. Throws {@link ConfigurationError}. */
export function checkedOutputPadding(added: PerAxis, { strides }: Window): readonly number[] {
  const list = perAxis('convTranspose', 'outputPadding', added, strides.length, 0)
  if (list.some((count, axis) => count >= strides[axis])) {
    throw new ConfigurationError(
      `convTranspose: outputPadding must be less than the strides [${strides.join(', ')}]; got [${list.join(', ')}].`,
    )
  }
  return list
}
