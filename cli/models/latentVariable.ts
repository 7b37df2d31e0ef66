import { device } from '../commands/common.js'
import { given } from '../given.js'
import type { ModelCommand } from './model.js'
import { dataAndResult, type FitOptions, learning } from './options.js'

/** The options of `energia fit latent-variable`. */
export interface LatentVariableOptions extends FitOptions {
  readonly energy?: string
}

/** E(x, y, z) = C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)), of parts that a file names or defines. */
export const latentVariable: ModelCommand<LatentVariableOptions> = {
  name: 'latent-variable',
  description: 'learn any energy C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)), h = Pred(x), that a file defines',
  examples: `
    $ energia fit latent-variable --energy energy.json --data points.npy --out runs/curve
    $ energia fit latent-variable --energy circle.js --data points.npy --epochs 50 --out runs/circle
    $ energia encode runs/circle --energy circle.js --data points.npy --restarts 3 --out codes.npz`,
  also: ['sample', 'export'],

  options(command) {
    dataAndResult(command)
    command
      .optionsGroup('Model:')
      .option('--energy <file>', 'JSON that describes the energy, or a module in JavaScript or TypeScript (required)')
    learning(command, { epochs: 10, batch: 128 })
    device(command)
  },

  async recipe(options, session) {
    const { noteRuntime } = await import('../actions/networks.js')
    const { pairsOf } = await import('../actions/conditional.js')
    const { definedEnergy } = await import('../actions/energyFile.js')
    const { latentVariableMeasured, progressLine } = await import('../actions/latentVariableReport.js')
    const { energy: file, seed, batch } = options
    const definition = await definedEnergy(file, { seed, runtime: session.runtime, ...given({ batchSize: batch }) })
    await noteRuntime(session)
    const { xShape, yShape, codeSize, decoder, cost } = definition.definition.energy
    const shapes = { y: yShape, ...given({ x: xShape }) }
    return {
      cut: 'none',
      define(data) {
        const learned = pairsOf(data, shapes)
        return {
          facts: { codeLength: codeSize, decoder: decoder.kind, cost: cost.kind },
          async learn({ fit: { heldOut, ...fit }, progress }) {
            const model = await definition.fit(learned, {
              ...fit,
              ...(heldOut ? { heldOut: pairsOf(heldOut, shapes) } : {}),
              onProgress: (report) => progress(report, progressLine(report)),
            })
            return {
              measure: async (sample, signal) => latentVariableMeasured(model, pairsOf(await sample(), shapes), signal),
              dispose: () => model.dispose(),
            }
          },
        }
      },
    }
  },

  async open(run, { runtime }, { energy }) {
    const { loadModel } = await import('../../src/index.js')
    const { checkNoFunctions, definedEnergy } = await import('../actions/energyFile.js')
    const { learnedLatentVariable } = await import('../actions/learnedLatentVariable.js')
    if (energy === undefined) await checkNoFunctions(run)
    const definition = energy === undefined ? undefined : await definedEnergy(energy, { runtime })
    return learnedLatentVariable(await loadModel(run, { runtime, model: 'latent-variable', ...given({ definition }) }))
  },
}
