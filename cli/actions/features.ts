import { extname } from 'node:path'
import {
  ConfigurationError,
  DataError,
  formatNumber,
  type NamedNumbers,
  npyHeader,
  writeParquet,
} from '../../src/index.js'
import type { FeaturesCommandOptions } from '../commands/features.js'
import { models } from '../models/registry.js'
import type { Session } from '../session.js'
import { codingData } from './openData.js'
import { openModel } from './openModel.js'
import { checkApart, checkOutputFile, writeOutput } from './outputs.js'
import { duration, numberTable } from './text.js'

/** `energia features`. */
export async function features(session: Session, options: FeaturesCommandOptions, run: string): Promise<void> {
  const { out } = options
  const ending = extname(out).toLowerCase()
  if (ending !== '.npy' && ending !== '.parquet') {
    throw new ConfigurationError(`--out takes a name that ends in .npy or .parquet; got ${out}.`)
  }
  await checkApart(out, options.data)
  await checkOutputFile(out, options.overwrite)
  const model = await openModel(run, {}, session)
  try {
    if (model.features === undefined) {
      const able = models.filter(({ also }) => also?.includes('features')).map(({ name }) => name)
      throw new ConfigurationError(
        `${run} holds a model of ${model.kind}, whose codes have no places to pool over; ${able.join(', ')} have. energia encode gives its codes.`,
      )
    }
    const { length, each } = model.features(options)
    const { data } = await codingData(options, model, session)
    session.event('start', { command: 'features', run, data: data.name, features: length, out })
    const begun = performance.now()
    const seconds = () => (performance.now() - begun) / 1000
    let count = 0
    let unsolved = 0
    async function* rows(): AsyncGenerator<NamedNumbers> {
      for await (const { name, values, inference } of each(data, session.signal)) {
        yield { name, numbers: values }
        count++
        if (inference.status.some((status) => status !== 'converged')) unsolved++
        const of = data.count === undefined ? '' : ` of ${formatNumber(data.count)}`
        session.progress(
          'progress',
          { done: count, ...(data.count === undefined ? {} : { total: data.count }), seconds: seconds() },
          `features of ${formatNumber(count)}${of} made in ${duration(seconds())}`,
        )
      }
      if (count === 0) throw new DataError(`${data.name} holds nothing to make features of.`)
    }
    await writeOutput(
      out,
      ending === '.parquet'
        ? writeParquet(rows(), { column: 'features', width: length })
        : npy(rows(), length, data.count),
    )
    session.event('done', { observations: count, features: length, seconds: seconds(), out })
    session.print(
      numberTable([
        ['observations', formatNumber(count)],
        ['features of each', formatNumber(length)],
        ['seconds', formatNumber(seconds(), 3)],
      ]),
    )
    session.say(`The features are in ${out}.`)
    if (unsolved > 0) {
      session.note(
        `The codes of ${formatNumber(unsolved)} of ${formatNumber(count)} did not converge; energia encode says why, and a larger --tolerance is reached sooner.`,
      )
    }
  } finally {
    model.dispose()
  }
}

/** Rows as an npy file [n, length]; where their number is not known before, they wait in memory. */
async function* npy(
  rows: AsyncGenerator<NamedNumbers>,
  length: number,
  count: number | undefined,
): AsyncGenerator<Uint8Array> {
  const bytes = ({ numbers }: NamedNumbers): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer)
  if (count !== undefined) {
    yield npyHeader('<f4', [count, length])
    for await (const row of rows) yield bytes(row)
    return
  }
  const waiting: Uint8Array[] = []
  for await (const row of rows) waiting.push(bytes(row))
  yield npyHeader('<f4', [waiting.length, length])
  yield* waiting
}
