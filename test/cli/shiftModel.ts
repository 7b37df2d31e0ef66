import type { CodedBatch, ModelCommand, Recipe } from '../../cli/models/model.js'
import { dataAndResult, type FitOptions, learning } from '../../cli/models/options.js'
import {
  type Codes,
  createRun,
  fromDense,
  holdingRun,
  type Observations,
  openRun,
  rng,
  rows,
  storedTensor,
  type Tensor,
  toDense,
  toTensor,
} from '../../src/index.js'

/*
 * A model that the command line has not met: y = z + mean, E(y) = ½‖y − mean‖². It is one file, as every model of
 * the command line is, but loads the library at once.
 */
interface ShiftOptions extends FitOptions {
  readonly shift: number
}

export const shift: ModelCommand<ShiftOptions> = {
  name: 'shift',
  description: 'learn the mean of the data',
  examples: '$ energia fit shift --data digits --out runs/shift',
  also: ['sample', 'export'],
  options(command) {
    dataAndResult(command)
    command.optionsGroup('Model:').option('--shift <number>', 'added to the mean', Number, 0)
    learning(command, { epochs: 1, batch: 10 })
  },
  async recipe(options) {
    const define: Recipe['define'] = (data) => ({
      facts: { shift: options.shift },
      async learn({ fit, progress }) {
        const all = await toTensor(data as Observations)
        const mean = meanOf(all).map((value) => value + options.shift)
        progress({ fraction: 1 }, 'all seen')
        await holdingRun(fit, async () => {
          const run = await (await createRun(fit.run, fit)).begin('shift', { shape: all.shape.slice(1) })
          await run.saveTensors({ mean: storedTensor(mean) })
        })
        return {
          measure: async (sample) => {
            const [count] = (await sample()).shape
            return { fields: { sample: count }, rows: [['observations', String(count)]] }
          },
          dispose() {},
        }
      },
    })
    return { cut: 'none', define }
  },
  async open(path) {
    const run = await openRun(path)
    const { tensors } = await run.loadTensors()
    const mean = tensors.mean.data as Float32Array
    const observation = [mean.length]
    const decode = async (codes: Codes): Promise<Tensor> => moved(toDense(codes), mean, 1)
    return {
      kind: 'shift',
      observation,
      codeLength: mean.length,
      transform: undefined,
      preprocessing: [],
      coder: () =>
        async function* (data): AsyncGenerator<CodedBatch> {
          let first = 0
          for await (const batch of (data as Observations).batches({ batchSize: 16 })) {
            const codes = moved(batch, mean, -1)
            const [count] = batch.shape
            const energy = Float64Array.from({ length: count }, (_, i) =>
              rows(codes, i, i + 1).data.reduce((sum, value) => sum + value ** 2 / 2, 0),
            )
            const inference = {
              codes: fromDense(codes),
              energy,
              gap: new Float64Array(count),
              steps: new Uint32Array(count),
              status: Array<'converged'>(count).fill('converged'),
            }
            yield { first, inference, context: {} }
            first += count
          }
        },
      decode,
      async *sample({ count, seed }) {
        const random = rng(seed)
        for (let left = count; left > 0; left -= 4) {
          const n = Math.min(4, left)
          const noise = Float32Array.from({ length: n * mean.length }, () => random.normal())
          yield moved({ shape: [n, mean.length], data: noise }, mean, 1)
        }
      },
      onnx: ({ steps = 0 }) => ({
        graphs: { encoder: Uint8Array.of(1), decoder: Uint8Array.of(2, steps) },
        readme: '# Shift',
      }),
      portrait: async () => ({
        title: 'A mean',
        lead: 'E(y) = ½‖y − mean‖².',
        heading: 'Mean',
        subject: 'Means',
        picture: undefined,
        caption: '',
        alt: '',
        settings: [['observations', String(mean.length)]],
        numbers: [['first number', String(mean[0])]],
        facts: { mean: Array.from(mean) },
        figures: async () => [],
      }),
      dispose() {},
    }
  },
}

function meanOf({ shape: [count, width], data }: Tensor): Float32Array {
  return Float32Array.from({ length: width }, (_, j) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += data[i * width + j]
    return sum / count
  })
}

const moved = ({ shape, data }: Tensor, by: Float32Array, sign: 1 | -1): Tensor => ({
  shape,
  data: data.map((value, i) => value + sign * by[i % by.length]),
})
