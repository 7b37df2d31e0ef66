import { FileFormatError } from '../tensor/errors.js'
import type { ArrayLayout } from './arrayLayout.js'
import type { ByteReader } from './byteReader.js'
import { isElementType } from './elementType.js'

/** The longest header that is read; numpy itself writes a few hundred bytes. */
const longestHeader = 1 << 16

/** What an npy header says, with the type as it stands there. */
export interface NpyHeader {
  /** As written by numpy: '<f4', '|u1', '|S3'. */
  readonly descr: string
  readonly fortran: boolean
  readonly shape: readonly number[]
  /** Bytes before the first number. */
  readonly offset: number
}

/** Whether bytes begin like an npy file. */
export function isNpy(head: Uint8Array): boolean {
  return head.length >= 6 && head[0] === 0x93 && String.fromCharCode(...head.subarray(1, 6)) === 'NUMPY'
}

/** Reads an npy header (versions 1 to 3). Throws {@link FileFormatError}. Source: numpy.lib.format. */
export async function readNpyHeader(reader: ByteReader, name: string): Promise<NpyHeader> {
  const start = await reader.read(8)
  if (!isNpy(start)) throw new FileFormatError(`${name} is not an npy file: it does not begin with "\\x93NUMPY".`)
  const version = start[6]
  if (version < 1 || version > 3) {
    throw new FileFormatError(
      `${name} is an npy file of version ${version}.${start[7]}; versions 1 to 3 can be read. Save it again with numpy.save.`,
    )
  }
  const sizes = await reader.read(version === 1 ? 2 : 4)
  const view = new DataView(sizes.buffer, sizes.byteOffset, sizes.length)
  const length = version === 1 ? view.getUint16(0, true) : view.getUint32(0, true)
  if (length > longestHeader)
    throw new FileFormatError(`${name} has an npy header of ${length} bytes; at most ${longestHeader} are read.`)
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(await reader.read(length))
  const descr = /'descr'\s*:\s*'([^']{1,20})'/.exec(text)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const sizesText = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1]
  if (/'descr'\s*:\s*\[/.test(text)) {
    throw new FileFormatError(`${name} holds records of several fields. Save one plain array of numbers.`)
  }
  if (descr === undefined || order === undefined || sizesText === undefined) {
    throw new FileFormatError(`${name} has a damaged npy header. Save it again with numpy.save.`)
  }
  const shape = sizesText
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
  if (!shape.every((part) => /^\d+$/.test(part) && Number.isSafeInteger(Number(part))) || shape.length > 32) {
    throw new FileFormatError(
      `${name} promises an array of shape (${sizesText}), which cannot be meant. Its header is damaged.`,
    )
  }
  return { descr, fortran: order === 'True', shape: shape.map(Number), offset: 8 + sizes.length + length }
}

/** The layout of an array of numbers. Throws {@link FileFormatError} where the type is not one of numbers. */
export function numberLayout(header: NpyHeader, name: string): ArrayLayout {
  const type = header.descr.slice(1)
  const order = header.descr[0]
  if (!isElementType(type) || !'<>|='.includes(order)) {
    throw new FileFormatError(
      `${name} holds numbers of type ${header.descr}; booleans, integers and real numbers of up to 64 bits can be read. Convert it with array.astype("float32").`,
    )
  }
  return { type, littleEndian: order !== '>', fortran: header.fortran, shape: header.shape, offset: header.offset }
}
