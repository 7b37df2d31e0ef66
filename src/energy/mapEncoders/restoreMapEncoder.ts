import { ConfigurationError } from '../../tensor/errors.js'
import type { ModuleConfig } from '../module.js'
import { type ConvListaOptions, convLista } from './convLista.js'
import { convShrink } from './convShrink.js'
import { convTanhGain } from './convTanhGain.js'
import type { MapEncoder, MapSizes } from './mapEncoder.js'

/** How each ready encoder of maps is made from its description, by kind; the encoders check what they are given. */
export const mapEncoderMakers: Readonly<Record<string, (config: never) => MapEncoder>> = {
  'conv-tanh-gain': (config: MapSizes) => convTanhGain(config),
  'conv-shrink': (config: MapSizes) => convShrink(config),
  'conv-lista': (config: ConvListaOptions) => convLista(config),
}

/** Every ready encoder of maps, for messages and menus. */
export const mapEncoderKinds: readonly string[] = Object.keys(mapEncoderMakers)

/** The encoder that a plain object describes. Throws {@link ConfigurationError} where there is none of its kind or a setting is wrong. */
export function restoreMapEncoder(config: ModuleConfig): MapEncoder {
  if (!Object.hasOwn(mapEncoderMakers, config.kind)) {
    throw new ConfigurationError(
      `There is no encoder of maps "${config.kind}"; there are ${mapEncoderKinds.join(', ')}.`,
    )
  }
  return mapEncoderMakers[config.kind](config as never) // the maker of this kind checks its own settings
}
