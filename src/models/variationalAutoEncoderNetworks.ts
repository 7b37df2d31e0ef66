import {
  applyModule,
  type Module,
  type ModuleConfig,
  type Parameters,
  parameterShapes,
  prefixed,
  type SymParameters,
  scoped,
} from '../energy/module.js'
import { type Activation, activations } from '../energy/modules/activation.js'
import { conv } from '../energy/modules/conv.js'
import { convTranspose } from '../energy/modules/convTranspose.js'
import { mlp } from '../energy/modules/mlp.js'
import { channelsFirst, channelsLast, reshaped } from '../energy/modules/reshaped.js'
import { sequential } from '../energy/modules/sequential.js'
import { checkedCount } from '../energy/regularizer.js'
import { restoreModule } from '../energy/restoreModule.js'
import type { Sym } from '../graph/index.js'
import { ConfigurationError } from '../tensor/errors.js'
import type { Rng } from '../tensor/random.js'
import { formatShape, sizeOf, type Tensor } from '../tensor/tensor.js'

/** Linear layers with an activation between; y, h and z are joined flat. */
export interface MlpNetworks {
  readonly kind: 'mlp'
  /** Units of each hidden layer; [400] each by default. */
  readonly encoder: readonly number[]
  readonly decoder: readonly number[]
  readonly activation: Activation
}

/** Convolutions that halve the picture's sides, and transposed ones that double them, with linear layers between. */
export interface ConvNetworks {
  readonly kind: 'conv'
  /** Maps of each convolution of the encoder, kernels 4×4, strides 2; the decoder's are the same in reverse. */
  readonly channels: readonly number[]
  /** Units of each linear layer between convolutions and code. */
  readonly hidden: readonly number[]
  readonly activation: Activation
}

/** Modules of your own: Enc(y, h) with 2k outputs (z̄ and log σ²; k where σ is fixed), Dec(h, z) with y's shape. */
export interface OwnNetworks<M = Module> {
  readonly kind: 'modules'
  readonly encoder: M
  readonly decoder: M
}

export type Networks = MlpNetworks | ConvNetworks | OwnNetworks
/** Networks as `config.json` holds them. */
export type NetworksConfig = MlpNetworks | ConvNetworks | OwnNetworks<ModuleConfig>

/** Sizes that networks are made for, each without the batch. */
export interface NetworkShapes {
  readonly y: readonly number[]
  /** Numbers of h; 0 where nothing is given. */
  readonly context: number
  readonly latent: number
  /** Numbers that the encoder gives. */
  readonly heads: number
}

const SIDE = 4
const STRIDE = 2

/** Checks the sizes of networks. Throws {@link ConfigurationError}. */
export function checkedNetworks(networks: Networks): Networks {
  if (networks.kind === 'modules') return networks
  const lists = networks.kind === 'mlp' ? [networks.encoder, networks.decoder] : [networks.channels, networks.hidden]
  for (const units of lists.flat()) checkedCount(networks.kind === 'mlp' ? 'hidden units' : 'channels and units', units)
  if (networks.kind === 'conv' && networks.channels.length === 0) {
    throw new ConfigurationError('Convolutional networks need the channels of one convolution at least.')
  }
  if (!activations.includes(networks.activation)) {
    throw new ConfigurationError(
      `There is no activation "${networks.activation}"; there are ${activations.join(', ')}.`,
    )
  }
  return networks
}

/** Encoder and decoder for given sizes. Throws {@link ConfigurationError} where a picture does not halve as often as it must. */
export function buildNetworks(networks: Networks, shapes: NetworkShapes): { encoder: Module; decoder: Module } {
  const { y, context, latent, heads } = shapes
  switch (networks.kind) {
    case 'modules':
      return networks
    case 'mlp': {
      const { activation } = networks
      return {
        encoder: mlp({ inputs: sizeOf(y) + context, hidden: networks.encoder, outputs: heads, activation }),
        decoder: mlp({ inputs: context + latent, hidden: networks.decoder, outputs: y, activation }),
      }
    }
    case 'conv':
      return convolutional(networks, shapes)
  }
}

function convolutional({ channels, hidden, activation }: ConvNetworks, shapes: NetworkShapes) {
  const { y, context, latent, heads } = shapes
  const [height, width, colours = 1] = y
  const times = 2 ** channels.length
  if (y.length < 2 || y.length > 3 || height % times !== 0 || width % times !== 0) {
    throw new ConfigurationError(
      `${channels.length} convolutions halve a picture's sides as often, which ${formatShape(y)} does not allow; take fewer, or pictures whose sides divide by ${times}.`,
    )
  }
  const maps = channels.map((_, i) => [i === 0 ? colours : channels[i - 1], height / 2 ** i, width / 2 ** i])
  const small = [channels[channels.length - 1], height / times, width / times]
  const common = { kernel: SIDE, stride: STRIDE, padding: 1 }
  const features = sequential(
    y.length === 3 ? channelsFirst([height, width, colours]) : reshaped({ input: [...y], output: [1, height, width] }),
    ...channels.map((count, i) => conv({ input: maps[i], channels: count, activation, ...common })),
  )
  const head = mlp({ inputs: sizeOf(small) + context, hidden, outputs: heads, activation })
  const decoder = sequential(
    mlp({
      inputs: context + latent,
      hidden: [...hidden].reverse(),
      outputs: small,
      activation,
      outputActivation: activation,
    }),
    ...channels
      .map((count, i) =>
        convTranspose({
          input: [count, height / 2 ** (i + 1), width / 2 ** (i + 1)],
          channels: maps[i][0],
          ...common,
          ...(i === 0 ? {} : { activation }),
        }),
      )
      .reverse(),
    y.length === 3 ? channelsLast([colours, height, width]) : reshaped({ input: [1, height, width], output: [...y] }),
  )
  return { encoder: joined(features, head), decoder }
}

/** A network that looks at y before h joins: head([features(y), h]). */
function joined(features: Module, head: Module): Module {
  return {
    kind: 'conv',
    outputShape: head.outputShape,
    init: (random) => ({
      ...prefixed(features.init(random), 'features'),
      ...prefixed(head.init(random), 'head'),
    }),
    shapes: () => ({
      ...prefixed(parameterShapes(features), 'features'),
      ...prefixed(parameterShapes(head), 'head'),
    }),
    apply: (parameters: SymParameters, y: Sym, ...h: Sym[]) =>
      applyModule(
        'head',
        head,
        scoped(parameters, 'head'),
        applyModule('features', features, scoped(parameters, 'features'), y),
        ...h,
      ),
    describe: () => ({ kind: 'conv', features: features.describe(), head: head.describe() }),
  }
}

/**
 * First parameters of ready networks in place of `parameters`: uniform on ±1/√(fan-in), weights, kernels and biases alike, as
 * PyTorch's layers have them. Each bias follows the weight of its layer.
 */
export function uniformParameters(parameters: Parameters, random: Rng): Parameters {
  let bound = 1
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]): [string, Tensor] => {
      if (!name.endsWith('.bias')) bound = 1 / Math.sqrt(sizeOf(shape.slice(1)))
      const scale = bound
      return [
        name,
        { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => scale * (2 * random.uniform() - 1)) },
      ]
    }),
  )
}

/** Networks as files hold them. */
export function describeNetworks(networks: Networks): NetworksConfig {
  return networks.kind === 'modules'
    ? { kind: 'modules', encoder: networks.encoder.describe(), decoder: networks.decoder.describe() }
    : networks
}

/** The networks of a file. Throws {@link ConfigurationError} where they are functions of your own, which no file holds. */
export function restoreNetworks(config: NetworksConfig): Networks {
  return config.kind === 'modules'
    ? { kind: 'modules', encoder: restoreModule(config.encoder), decoder: restoreModule(config.decoder) }
    : checkedNetworks(config)
}
