import type { Command } from 'commander'
import { count, number } from '../numbers.js'
import { common, performs } from './common.js'
import { imageAndResult, methods, type RestorationCommandOptions } from './restoration.js'

export interface InpaintCommandOptions extends RestorationCommandOptions {
  readonly mask?: string
  readonly missing?: number
  readonly sigma?: number
  readonly passes?: number
}

/** Adds `inpaint`. */
export function addInpaint(program: Command): void {
  const command = program
    .command('inpaint <image>')
    .description('fill the missing pixels of an image, by atoms learned on what is there')
  imageAndResult(command)
  command
    .optionsGroup('What is missing:')
    .option('--mask <file>', 'an image that is black where pixels are missing and white elsewhere, or npy of 0 and 1')
    .option(
      '--missing <share>',
      'a trial: hide this share of the pixels, and measure by the image as it was',
      number({ above: 0, below: 1 }),
    )
    .option('--sigma <levels>', 'noise in what is there, in levels from 0 to 255 (default: none)', number({ min: 0 }))
    .option('--passes <n>', 'how often dictionary and codes are found anew (default: 4)', count)
  methods(command)
  command.optionsGroup('Other:')
  common(
    command,
    `
    $ energia inpaint scratched.png --mask mask.png --out restored.png
    $ energia inpaint photographs --image 2 --crop 256 --missing 0.5 --out restored.png --picture both.png`,
  )
  performs<InpaintCommandOptions>(command, ['out'], async () => (await import('../actions/inpaint.js')).inpaint)
}
