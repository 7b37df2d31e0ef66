import { ConfigurationError } from '../../tensor/errors.js'
import type { ModuleConfig } from '../module.js'
import type { Encoder } from './encoder.js'
import { linearShrink } from './linearShrink.js'
import { linearTanhGain } from './linearTanhGain.js'
import { type ListaEncoderOptions, listaEncoder } from './listaEncoder.js'

type Sizes = { inputs: number; outputs: number }

/** How each ready encoder is made from its description, by kind; the encoders check what they are given. */
export const encoderMakers: Readonly<Record<string, (config: never) => Encoder>> = {
  'linear-tanh-gain': (config: Sizes) => linearTanhGain(config),
  'linear-shrink': (config: Sizes) => linearShrink(config),
  lista: (config: ListaEncoderOptions) => listaEncoder(config),
}

/** Every ready encoder, for messages and menus. */
export const encoderKinds: readonly string[] = Object.keys(encoderMakers)

/** The encoder that a plain object describes. Throws {@link ConfigurationError} where there is none of its kind or a setting is wrong. */
export function restoreEncoder(config: ModuleConfig): Encoder {
  if (!Object.hasOwn(encoderMakers, config.kind)) {
    throw new ConfigurationError(`There is no encoder "${config.kind}"; there are ${encoderKinds.join(', ')}.`)
  }
  return encoderMakers[config.kind](config as never) // the maker of this kind checks its own settings
}
