import {
  ConfigurationError,
  centre,
  contrastNormalize,
  type DictionaryUpdate,
  elasticNet,
  gradient,
  group,
  highPass,
  type ImageStep,
  l0,
  l1,
  localContrast,
  nonNegative,
  type ObservationStep,
  olshausen,
  online,
  type Regularizer,
  readNpy,
  type Strength,
  topK,
  unitVariance,
  weightedL1,
  zca,
} from '../../src/index.js'
import { given } from '../given.js'
import type { Cut } from '../models/model.js'
import type { PreprocessingOptions, RegularizerOptions, UpdateOptions } from '../models/options.js'

/** Options that mean something only beside one value of another: [option, its name, the other's name, that value]. */
const companions = [
  ['weights', '--weights', 'regularizer', 'weighted-l1'],
  ['ridge', '--ridge', 'regularizer', 'elastic-net'],
  ['groupSize', '--group-size', 'regularizer', 'group'],
  ['active', '--active', 'regularizer', 'top-k'],
  ['zcaFloor', '--zca-floor', 'whiten', 'zca'],
  ['forgetting', '--forgetting', 'update', 'online'],
  ['rate', '--rate', 'update', 'gradient'],
  ['normalization', '--normalization', 'update', 'gradient'],
] as const

/** Throws ConfigurationError where options do not go together; a model need not have them all. */
export function checkTogether(options: Partial<RegularizerOptions & PreprocessingOptions & UpdateOptions>): void {
  for (const [option, name, other, value] of companions) {
    if (options[option] !== undefined && options[other] !== value) {
      throw new ConfigurationError(`${name} goes with --${other} ${value}, not with ${options[other]}.`)
    }
  }
}

/** The regularizer that the options name. Throws ConfigurationError where something that it needs is missing. */
export async function chosenRegularizer(
  options: RegularizerOptions & { readonly atoms: number },
): Promise<Regularizer> {
  const { regularizer, weights, ridge, groupSize, active } = options
  switch (regularizer) {
    case 'l1':
      return l1(strength(options))
    case 'nonnegative':
      return nonNegative(strength(options))
    case 'l0':
      return l0(strength(options))
    case 'elastic-net':
      return elasticNet({ ...strength(options), ridge: needed(ridge, regularizer, '--ridge 0.1') })
    case 'group':
      return group({ ...strength(options), groupSize: needed(groupSize, regularizer, '--group-size 4') })
    case 'weighted-l1':
      return weightedL1({
        ...strength(options),
        weights: await weightsOf(needed(weights, regularizer, '--weights weights.npy'), options.atoms),
      })
    case 'top-k':
      if (options.lambda !== undefined || options.lambdaRatio !== undefined) {
        throw new ConfigurationError('top-k has no λ: leave --lambda out, or choose another --regularizer.')
      }
      return topK({ active: needed(active, regularizer, '--active 10') })
  }
}

function needed<T>(value: T | undefined, regularizer: string, example: string): T {
  if (value === undefined)
    throw new ConfigurationError(
      `The regularizer ${regularizer} needs ${example.split(' ')[0]}, for example ${example}.`,
    )
  return value
}

function strength({ lambda, lambdaRatio, regularizer }: RegularizerOptions): Strength {
  if (lambda !== undefined && lambdaRatio !== undefined) {
    throw new ConfigurationError('Give either --lambda or --lambda-ratio, not both.')
  }
  if (lambda !== undefined) return { lambda }
  if (lambdaRatio !== undefined) return { lambdaRatio }
  throw new ConfigurationError(
    `Say how strong the regularizer ${regularizer} is: --lambda 1, or --lambda-ratio 0.1 for a share of each observation’s λmax.`,
  )
}

async function weightsOf(file: string, atoms: number): Promise<number[]> {
  const { shape, data } = await readNpy(file)
  if (typeof data === 'string' || shape.length !== 1 || shape[0] !== atoms) {
    throw new ConfigurationError(
      `${file} holds an array of shape [${shape.join(', ')}]; weighted-l1 needs one weight for each of the ${atoms} atoms.`,
    )
  }
  return Array.from<number | bigint, number>(data, Number)
}

/** How atoms move. */
export function chosenUpdate({ update, forgetting, rate, normalization }: UpdateOptions): DictionaryUpdate {
  if (update === 'online') return online(forgetting === undefined ? {} : { forgetting })
  return gradient({
    ...(rate === undefined ? {} : { relativeRate: rate }),
    ...(normalization === undefined ? {} : { normalization }),
  })
}

/** Steps on whole images. */
export function imageSteps(options: Partial<PreprocessingOptions>): ImageStep[] {
  const { whiten, contrast } = options
  return [
    ...chosenHighPass(options, 2),
    ...(whiten === 'olshausen' ? [olshausen()] : []),
    ...(contrast === 'local' ? [localContrast()] : []),
  ]
}

/** The high-pass that was asked for, of images or of signals. */
export function chosenHighPass({ highPass: chosen }: Partial<PreprocessingOptions>, spatial: 1 | 2): ImageStep[] {
  if (chosen === undefined) return []
  const { kind, amount } = chosen
  return [
    kind === 'gaussian'
      ? highPass({ kind, spatial, ...given({ sigma: amount }) })
      : highPass({ kind, spatial, ...given({ strength: amount }) }),
  ]
}

/** How the options cut patches out of images. */
export function cutOf(options: PreprocessingOptions): Cut | 'unsaid' {
  const { patch, minimumDeviation } = options
  return patch === undefined
    ? 'unsaid'
    : { size: patch, transform: imageSteps(options), ...given({ minimumDeviation }) }
}

/** Steps on observations, in the order in which they are done. */
export function observationSteps(options: PreprocessingOptions): ObservationStep[] {
  const { whiten, zcaFloor } = options
  return [
    ...(options.centre ? [centre()] : []),
    ...(options.contrast === 'global' ? [contrastNormalize()] : []),
    ...(whiten === 'zca' ? [zca(zcaFloor === undefined ? {} : { floor: zcaFloor })] : []),
    ...(options.unitVariance ? [unitVariance()] : []),
  ]
}
