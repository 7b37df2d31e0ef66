import { FileFormatError } from '../tensor/errors.js'

/** A place in bytes, moved on by what is read there. */
export interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** Thrift's compact protocol as numbers and structs; what a page header does not need is passed over. */
export type ThriftStruct = Map<number, number | boolean | ThriftStruct>

const damaged = (what: string): FileFormatError =>
  new FileFormatError(`A page of the Parquet file is damaged: ${what}.`)

function byteAt(cursor: Cursor): number {
  if (cursor.at >= cursor.bytes.length) throw damaged('it ends too early')
  return cursor.bytes[cursor.at++]
}

/** An unsigned whole number, 7 bits a byte. */
function readVarint(cursor: Cursor): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = byteAt(cursor)
    value += (byte & 127) * scale
    if (byte < 128) return value
    if (scale > 2 ** 56) throw damaged('a number in it does not end')
  }
}

const readZigzag = (cursor: Cursor): number => {
  const value = readVarint(cursor)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Reads a struct. Source: the Thrift compact protocol specification. */
export function readThrift(cursor: Cursor, depth = 0): ThriftStruct {
  if (depth > 16) throw damaged('its header is nested too deeply')
  const fields: ThriftStruct = new Map()
  for (let id = 0; ; ) {
    const head = byteAt(cursor)
    if (head === 0) return fields
    id = head >> 4 === 0 ? readZigzag(cursor) : id + (head >> 4)
    const value = readField(cursor, head & 15, depth)
    if (value !== undefined) fields.set(id, value)
  }
}

function readField(cursor: Cursor, type: number, depth: number): number | boolean | ThriftStruct | undefined {
  if (type === 1 || type === 2) return type === 1
  if (type === 3) return byteAt(cursor)
  if (type >= 4 && type <= 6) return readZigzag(cursor)
  if (type === 12) return readThrift(cursor, depth + 1)
  if (type === 7) cursor.at += 8
  else if (type === 8) {
    const length = readVarint(cursor)
    cursor.at += length
  } else if (type === 9 || type === 10) {
    const head = byteAt(cursor)
    const count = head >> 4 === 15 ? readVarint(cursor) : head >> 4
    if (count > cursor.bytes.length) throw damaged('a list in its header is too long')
    for (let i = 0; i < count; i++) {
      if ((head & 15) <= 2) byteAt(cursor)
      else readField(cursor, head & 15, depth + 1)
    }
  } else throw damaged(`its header has a field of type ${type}`)
  return undefined
}

/**
 * `count` whole numbers of `width` bits from Parquet's mixture of runs and packed bits, from the cursor on, at most to `end`.
 * Source: the Parquet format, "Encodings", RLE/bit-packing hybrid.
 */
export function readRuns(cursor: Cursor, end: number, width: number, count: number): Uint32Array {
  if (width > 32 || end > cursor.bytes.length) throw damaged('its runs of numbers do not fit')
  const out = new Uint32Array(count)
  const { bytes } = cursor
  const cell = Math.ceil(width / 8)
  for (let filled = 0; filled < count; ) {
    if (cursor.at >= end) throw damaged('its runs of numbers end too early')
    const head = readVarint(cursor)
    if (head % 2 === 0) {
      const length = head / 2
      if (length === 0 || length > count - filled || cursor.at + cell > end) throw damaged('a run in it is too long')
      let value = 0
      for (let byte = 0; byte < cell; byte++) value += bytes[cursor.at++] * 2 ** (8 * byte)
      out.fill(value, filled, filled + length)
      filled += length
      continue
    }
    const groups = (head - 1) / 2
    if (groups === 0) throw damaged('a run in it is empty')
    const length = Math.min(groups * 8, count - filled)
    // The last group may be cut off behind the numbers that count.
    if (cursor.at + Math.ceil((length * width) / 8) > end) throw damaged('packed bits in it end too early')
    for (let i = 0; i < length; i++) out[filled + i] = bitsAt(bytes, cursor.at * 8 + i * width, width)
    filled += length
    cursor.at = Math.min(end, cursor.at + groups * width)
  }
  return out
}

/** `width` bits from bit `from` on, the lowest first. */
function bitsAt(bytes: Uint8Array, from: number, width: number): number {
  let value = 0
  for (let got = 0; got < width; ) {
    const bit = (from + got) & 7
    const take = Math.min(8 - bit, width - got)
    value += ((bytes[Math.floor((from + got) / 8)] >> bit) & ((1 << take) - 1)) * 2 ** got
    got += take
  }
  return value
}
