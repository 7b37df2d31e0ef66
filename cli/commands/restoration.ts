import { type Command, Option } from 'commander'
import { count, number, patchSize, positive } from '../numbers.js'
import type { CommonOptions } from '../session.js'

/** The options of commands that restore an image. */
export interface RestorationCommandOptions extends CommonOptions {
  readonly out: string
  readonly overwrite?: boolean
  readonly picture?: string
  readonly image?: number
  readonly crop?: [height: number, width: number]
  readonly grey?: boolean
  readonly clean?: string
  readonly method?: 'patches' | 'convolutional'
  readonly dictionary: string
  readonly patch?: [height: number, width: number]
  readonly atoms?: number
  readonly codes?: 'pursuit' | 'lasso'
  readonly lambda?: number
  readonly seed: number
}

/** Which image, and where the restored one goes. */
export function imageAndResult(command: Command): void {
  command
    .optionsGroup('Image and result:')
    .option('--out <file>', 'where the restored image goes: .png, or .npy for its numbers')
    .option('--overwrite', 'replace files that are there')
    .option('--picture <file.png>', 'write before and after side by side, too')
    .option('--clean <image>', 'the image as it should be, to measure by (PSNR)')
    .option('--image <n>', 'which image of a source of several, from 0', number({ whole: true, min: 0 }))
    .option('--crop <pixels>', 'its middle alone: a side, or height and width, as in 256 or 200x300', patchSize)
    .option('--grey', 'make it grey first')
}

/** How it is restored. */
export function methods(command: Command): void {
  command
    .optionsGroup('Method:')
    .addOption(
      new Option(
        '--method <name>',
        'by overlapping patches, or by one code of the whole image (default: patches, or as the dictionary’s model)',
      ).choices(['patches', 'convolutional']),
    )
    .option(
      '--dictionary <run>',
      'learned on the image itself, on the photographs, or the model of a run folder',
      'itself',
    )
    .option('--patch <pixels>', 'side, or height and width, of patches or kernels (default: 8)', patchSize)
    .option('--atoms <n>', 'atoms (default: 256) or kernels (default: 32) to learn', count)
    .addOption(new Option('--codes <how>', 'how patches are coded (default: pursuit)').choices(['pursuit', 'lasso']))
    .option('--lambda <number>', 'λ of the lasso and of the convolutional code, for pixels from 0 to 1', positive)
    .option('--seed <n>', 'seed of everything random', number({ whole: true, min: 0 }), 0)
}
