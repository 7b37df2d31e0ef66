import { join } from 'node:path'
import { ConfigurationError } from '../../src/index.js'
import type { ExportCommandOptions } from '../commands/export.js'
import { given } from '../given.js'
import type { Session } from '../session.js'
import { cannot, openModel } from './openModel.js'
import { checkNoRun, checkOutputFolder, writeOutput } from './outputs.js'

/** `energia export`. */
export async function exportModel(session: Session, options: ExportCommandOptions, run: string): Promise<void> {
  const { out = join(run, 'onnx'), steps, tolerance } = options
  if (steps !== undefined && tolerance !== undefined) {
    throw new ConfigurationError(
      'Inference takes a number of steps or a tolerance; give one of --steps and --tolerance.',
    )
  }
  const model = await openModel(run, options, session)
  try {
    if (model.onnx === undefined) throw cannot('export', run, model)
    await checkNoRun(out)
    await checkOutputFolder(out, options.overwrite)
    session.event('start', { command: 'export', run, out })
    const { graphs, readme } = model.onnx(given({ steps, tolerance }))
    const files = Object.entries(graphs).map(([name, bytes]) => [`${name}.onnx`, bytes] as const)
    for (const [file, content] of [...files, ['README.md', readme] as const]) {
      await writeOutput(join(out, file), content)
    }
    const names = files.map(([name]) => name)
    session.event('done', { files: names, out })
    session.say(`${names.join(', ')} are in ${out}; README.md says what goes in and comes out.`)
  } finally {
    model.dispose()
  }
}
