import {
  ConfigurationError,
  codesWriter,
  DataError,
  type StoredTensor,
  statuses,
  storedTensor,
} from '../../src/index.js'
import type { EncodeCommandOptions } from '../commands/encode.js'
import type { CodedBatch } from '../models/model.js'
import type { Session } from '../session.js'
import { contextColumns, contextData, notingLayout } from './codesLayout.js'
import { type Coding, noteUnsolved, openCoding } from './coding.js'
import { isImages } from './openData.js'
import { checkApart, checkOutputFile } from './outputs.js'
import { numberTable } from './text.js'
import { savedNames, wholeColumns, wholeData } from './wholeLayout.js'

/** `energia encode`. */
export async function encode(session: Session, options: EncodeCommandOptions, run: string): Promise<void> {
  const { out } = options
  await checkApart(out, options.data)
  await checkOutputFile(out, options.overwrite)
  if (!out.endsWith('.npz')) {
    throw new ConfigurationError(`Codes are saved as npz; give --out a name that ends in .npz, not ${out}.`)
  }
  const coding = await openCoding(run, options, session)
  const { model, data } = coding
  const noted = notedOf(coding)
  session.event('start', { command: 'encode', run, data: data.name, out })

  let writer: Awaited<ReturnType<typeof open>> | undefined
  try {
    for await (const batch of coding.batches(noted.images)) {
      writer ??= await open(out, model.codeLength, batch, noted.constants)
      await writer.append(batch.inference.codes, columnData(batch))
    }
    if (writer === undefined) throw new DataError(`${data.name} holds no observations to code.`)
    await writer.finish()
  } finally {
    await writer?.discard()
    model.dispose()
  }
  session.event('done', { ...coding.totals.fields(), out })
  session.print(numberTable(coding.totals.rows()))
  session.say(`The codes are in ${out}.`)
  noteUnsolved(coding, session)
}

/** The data, and what is saved of it for the whole file: sizes and names, which are known once all has been read. */
function notedOf({ model, data, images }: Coding): { images: Coding['data']; constants: Record<string, StoredTensor> } {
  if (model.whole) {
    const names = images && Array.from({ length: images.count }, (_, i) => images.label(i))
    return { images: data, constants: names ? { image_names: savedNames(names) } : {} }
  }
  const shape = storedTensor(BigInt64Array.from(model.observation, BigInt))
  const { images: watched, constants } = isImages(data) ? notingLayout(data) : { images: data, constants: {} }
  return { images: watched, constants: { observation_shape: shape, ...constants } }
}

type Columns = Record<string, { dtype: 'F64' | 'U32' | 'U8' | 'F32' | 'I32'; row?: readonly number[] | 'any' }>

function open(
  out: string,
  codeLength: number,
  { inference, context, columns = {}, shapes }: CodedBatch,
  constants: Record<string, StoredTensor>,
) {
  const { gap, stationarity } = inference
  return codesWriter<Columns>(out, shapes ? 'widest' : codeLength, {
    columns: {
      energy: { dtype: 'F64' },
      ...(gap ? { gap: { dtype: 'F64' } } : {}),
      ...(stationarity ? { stationarity: { dtype: 'F64' } } : {}),
      steps: { dtype: 'U32' },
      status: { dtype: 'U8' },
      ...Object.fromEntries(
        Object.entries(columns).map(([name, { shape }]) => [name, { dtype: 'F32', row: shape.slice(1) }] as const),
      ),
      ...(shapes ? wholeColumns(shapes, context) : contextColumns(context)),
    },
    constants,
  })
}

function columnData({ inference, context, columns = {}, shapes }: CodedBatch) {
  const { energy, gap, stationarity, steps, status } = inference
  return {
    energy,
    ...(gap ? { gap } : {}),
    ...(stationarity ? { stationarity } : {}),
    steps,
    status: Uint8Array.from(status, (each) => statuses.indexOf(each)),
    ...Object.fromEntries(Object.entries(columns).map(([name, { data }]) => [name, data])),
    ...(shapes ? wholeData(shapes, context) : contextData(context)),
  }
}
