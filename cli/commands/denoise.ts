import type { Command } from 'commander'
import { positive } from '../numbers.js'
import { common, performs } from './common.js'
import { imageAndResult, methods, type RestorationCommandOptions } from './restoration.js'

export interface DenoiseCommandOptions extends RestorationCommandOptions {
  readonly sigma?: number
  readonly addNoise?: number
}

/** Adds `denoise`. */
export function addDenoise(program: Command): void {
  const command = program
    .command('denoise <image>')
    .description('remove noise from an image, by atoms learned on the image itself')
  imageAndResult(command)
  command
    .optionsGroup('Noise:')
    .option('--sigma <levels>', 'its standard deviation, in levels from 0 to 255 (default: estimated)', positive)
    .option(
      '--add-noise <levels>',
      'a trial: add noise of this deviation first, and measure by the image as it was',
      positive,
    )
  methods(command)
  command.optionsGroup('Other:')
  common(
    command,
    `
    $ energia denoise photo.png --out restored.png
    $ energia denoise noisy.png --sigma 25 --clean clean.png --out restored.png --picture both.png
    $ energia denoise photographs --image 2 --crop 256 --add-noise 25 --out restored.png`,
  )
  performs<DenoiseCommandOptions>(command, ['out'], async () => (await import('../actions/denoise.js')).denoise)
}
