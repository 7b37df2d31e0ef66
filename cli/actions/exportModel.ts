import { join } from 'node:path'
import { ConfigurationError } from '../../src/index.js'
import type { ExportCommandOptions } from '../commands/export.js'
import { given } from '../given.js'
import type { Session } from '../session.js'
import { cannot, openModel } from './openModel.js'
import { checkOutputFolder, writeOutput } from './outputs.js'

/** `energia export`. */
export async function exportModel(session: Session, options: ExportCommandOptions, run: string): Promise<void> {
  const { out = join(run, 'onnx'), steps, tolerance } = options
  if (steps !== undefined && tolerance !== undefined) {
    throw new ConfigurationError(
      'Inference takes a number of steps or a tolerance; give one of --steps and --tolerance.',
    )
  }
  const model = await openModel(run, session)
  try {
    if (model.onnx === undefined) throw cannot('export', run, model)
    await checkOutputFolder(out, options.overwrite)
    session.event('start', { command: 'export', run, out })
    const graphs = Object.entries(await model.onnx(given({ steps, tolerance })))
    for (const [name, bytes] of graphs) await writeOutput(join(out, `${name}.onnx`), bytes)
    const files = graphs.map(([name]) => `${name}.onnx`)
    session.event('done', { files, out })
    session.print(`${files.join(', ')} are in ${out}.`)
  } finally {
    model.dispose()
  }
}
