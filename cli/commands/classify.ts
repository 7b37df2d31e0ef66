import { type Command, InvalidArgumentError, Option } from 'commander'
import { count, number, patchSize, positive } from '../numbers.js'
import type { CommonOptions } from '../session.js'
import { common, performs } from './common.js'

/** What can be compared, as the library calls it. */
const conditions = ['random', 'random-frozen', 'frozen', 'fine-tuned', 'codes'] as const
export type ConditionName = (typeof conditions)[number]
const networks = ['random', 'random-frozen', 'frozen', 'fine-tuned'] as const

export interface ClassifyOptions extends CommonOptions {
  readonly data: string
  readonly array?: string
  readonly classes?: string
  readonly colour?: boolean
  readonly size?: [height: number, width: number]
  readonly out: string
  readonly overwrite?: boolean
  readonly resume?: boolean
  readonly labels?: (number | 'all')[]
  readonly seeds?: number
  readonly test?: string
  readonly testClasses?: string
  readonly testShare?: number
  readonly conditions?: ConditionName[]
  readonly keep?: (typeof networks)[number]
  readonly filters?: string
  readonly unlabelled?: number
  readonly kernels?: number
  readonly kernel?: number
  readonly lambda?: number
  readonly pool?: number
  readonly epochs?: number
  readonly leastSteps?: number
  readonly learningRate?: number
  readonly penalty?: number
  readonly seed?: number
  readonly checkpointSeconds?: number
}

/** Options of learning alone, by their flags. */
export const learningFlags: Readonly<Partial<Record<keyof ClassifyOptions, string>>> = {
  resume: '--resume',
  labels: '--labels',
  seeds: '--seeds',
  test: '--test',
  testClasses: '--test-classes',
  testShare: '--test-share',
  conditions: '--conditions',
  keep: '--keep',
  filters: '--filters',
  unlabelled: '--unlabelled',
  kernels: '--kernels',
  kernel: '--kernel',
  lambda: '--lambda',
  pool: '--pool',
  epochs: '--epochs',
  leastSteps: '--least-steps',
  learningRate: '--learning-rate',
  penalty: '--penalty',
  seed: '--seed',
  checkpointSeconds: '--checkpoint-seconds',
}

/** "1,3,10,all" as numbers of labels. */
function labelList(text: string): (number | 'all')[] {
  return text.split(',').map((each) => {
    const word = each.trim()
    if (word === 'all') return word
    if (/^\d{1,7}$/.test(word) && Number(word) >= 1) return Number(word)
    throw new InvalidArgumentError('Expected whole numbers of 1 or more with commas between, or all, as in 1,3,10,all.')
  })
}

function conditionList(text: string): ConditionName[] {
  return text.split(',').map((each) => {
    const found = conditions.find((name) => name === each.trim())
    if (found) return found
    throw new InvalidArgumentError(`There is no ${JSON.stringify(each.trim())}; there are ${conditions.join(', ')}.`)
  })
}

/** Adds `classify`. */
export function addClassify(program: Command): void {
  const command = program
    .command('classify [run]')
    .description(
      'learn classifiers of labelled images from few and many labels and compare them, or use one that was kept',
    )
  command
    .optionsGroup('Data and result:')
    .option('--data <source>', 'a folder with one subfolder of images a class, digits, mnist, or a file with --classes')
    .option('--array <name>', 'the array of an npz file, or the column of a Parquet file, in --data')
    .option('--classes <file>', 'the class of each observation of --data: IDX or npy of whole numbers')
    .option('--colour', 'keep the colours of images')
    .option('--size <pixels>', 'bring images to this side, or height and width, as in 32 or 32x48', patchSize)
    .option(
      '--out <folder|file.csv>',
      'the folder for report and classifier; of a kept one, the file for its predictions',
    )
    .option('--resume', 'go on with a comparison that was stopped')
    .option('--overwrite', 'replace what is there')
  command
    .optionsGroup('Comparison:')
    .option(
      '--labels <n>',
      'labels a class, or all (default: those of 1,3,10,30,100,300,1000 that there are)',
      labelList,
    )
    .option('--seeds <n>', 'repetitions with other labelled images and first weights (default: 5)', count)
    .option('--conditions <names>', `what to compare (default: ${conditions.join(',')})`, conditionList)
    .option('--test <source>', 'labelled data to measure errors on (default: a share of --data)')
    .option('--test-classes <file>', 'the class of each observation of --test')
    .option('--test-share <share>', 'share of each class to measure on (default: 0.2)', number({ above: 0, below: 1 }))
    .addOption(
      new Option('--keep <condition>', 'whose classifier to keep (default: fine-tuned, where compared)').choices(
        networks,
      ),
    )
  command
    .optionsGroup('Filters and learning:')
    .option('--filters <run|file.npy>', 'filters learned without labels: a run, or an array [k, s, s] or [k, s, s, c]')
    .option('--unlabelled <n>', 'images to learn filters from, without their labels (default: 2000)', count)
    .option('--kernels <n>', 'filters (default: 32)', count)
    .option('--kernel <pixels>', 'their side (default: 7)', count)
    .option('--lambda <number>', 'λ of sparse codes (default: 0.3)', positive)
    .option('--pool <pixels>', 'side of the cells that maps are pooled over (default: 4)', count)
    .option('--epochs <n>', 'passes of a classifier through its labelled images (default: 15)', count)
    .option('--least-steps <n>', 'steps that it learns at least (default: 200)', count)
    .option('--learning-rate <number>', 'rate of its first steps (default: 0.003)', positive)
    .option('--penalty <number>', 'μ of ½μ‖W‖² on its last layer (default: 0.001)', number({ min: 0 }))
    .option('--seed <n>', 'seed of everything random (default: 0)', number({ whole: true, min: 0 }))
    .option('--checkpoint-seconds <number>', 'seconds between checkpoints (default: 10)', number({ min: 0 }))
  command.optionsGroup('General:')
  common(
    command,
    `
    $ energia classify --data flowers --size 32 --labels 1,3,10 --seeds 5 --out runs/flowers
    $ energia classify --data digits --labels 1,10,100,all --out runs/digits
    $ energia classify runs/flowers --data new-flowers --size 32 --out predictions.csv`,
  )
  command.addHelpText(
    'after',
    `
Without a run, classifiers are learned and compared: ConvNets whose filters begin at random or are learned without
labels, stay or learn on, and a linear one on sparse codes. The folder then holds report.html, results.csv, results.json
and one classifier, which "energia classify FOLDER" uses on other images.`,
  )
  performs<ClassifyOptions>(command, ['data', 'out'], async () => (await import('../actions/classify.js')).classify)
}
