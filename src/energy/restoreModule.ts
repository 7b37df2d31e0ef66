import { ConfigurationError } from '../tensor/errors.js'
import { encoderMakers } from './encoders/restoreEncoder.js'
import type { Module, ModuleConfig } from './module.js'
import { type ConvOptions, conv } from './modules/conv.js'
import { convTranspose } from './modules/convTranspose.js'
import { type LinearOptions, linear } from './modules/linear.js'
import { type MlpOptions, mlp } from './modules/mlp.js'
import { type PoolOptions, pool } from './modules/pool.js'
import { channelsFirst, channelsLast, reshaped } from './modules/reshaped.js'
import { type ScaledOptions, scaled } from './modules/scaled.js'
import { sequential } from './modules/sequential.js'

/**
 * How each ready module is made from its description, by kind. The modules check what they are given, so a description from a
 * file is taken at its word here.
 */
const makers: Readonly<Record<string, (config: never) => Module>> = {
  linear: (config: LinearOptions) => linear(config),
  mlp: (config: MlpOptions) => mlp(config),
  conv: (config: ConvOptions) => conv(config),
  'conv-transpose': (config: ConvOptions) => convTranspose(config),
  pool: (config: PoolOptions) => pool(config),
  scaled: (config: ScaledOptions) => scaled(config),
  reshaped: (config: { input: number[]; output: number[] }) => reshaped(config),
  'channels-first': ({ picture }: { picture: [number, number, number] }) => channelsFirst(picture),
  'channels-last': ({ maps }: { maps: [number, number, number] }) => channelsLast(maps),
  ...encoderMakers,
  sequential: ({ modules }: { modules: ModuleConfig[] }) => sequential(...modules.map(restoreModule)),
}

/** Every ready module, for messages and menus. */
export const moduleKinds: readonly string[] = Object.keys(makers)

/**
 * The module that a plain object describes. Throws {@link ConfigurationError} where there is none of its kind, which modules of
 * your own are, or a setting is missing or wrong.
 */
export function restoreModule(config: ModuleConfig): Module {
  if (!Object.hasOwn(makers, config.kind)) {
    throw new ConfigurationError(
      config.kind === 'own'
        ? `The module "${String(config.name)}" is one of your own functions, which no file holds; give its definition again.`
        : `There is no module "${config.kind}"; there are ${moduleKinds.join(', ')}.`,
    )
  }
  try {
    return makers[config.kind](config as never) // the maker of this kind checks its own settings
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ConfigurationError(
      `The description of a module ${config.kind} lacks a setting or has it in another form.`,
      {
        cause: error,
      },
    )
  }
}
