/*
 * Thrift's compact protocol, the half that writes: the headers and the footer of a Parquet file. A structure is its fields in the order
 * of their numbers, each a byte of type and distance, and a zero.
 */

/** A field of a structure: its number, its type, its value. */
export type Field =
  | readonly [id: number, type: 'i32' | 'i64', value: number]
  | readonly [id: number, type: 'text', value: string]
  | readonly [id: number, type: 'struct', value: readonly Field[]]
  | readonly [id: number, type: 'list', value: ListValue]

type ListValue =
  | { readonly of: 'i32'; readonly items: readonly number[] }
  | { readonly of: 'text'; readonly items: readonly string[] }
  | { readonly of: 'struct'; readonly items: readonly (readonly Field[])[] }

export const i32 = (id: number, value: number): Field => [id, 'i32', value]
export const i64 = (id: number, value: number): Field => [id, 'i64', value]
export const text = (id: number, value: string): Field => [id, 'text', value]

export function list(id: number, of: 'i32', items: readonly number[]): Field
export function list(id: number, of: 'text', items: readonly string[]): Field
export function list(id: number, of: 'struct', items: readonly (readonly Field[])[]): Field
export function list(id: number, of: ListValue['of'], items: ListValue['items']): Field {
  return [id, 'list', { of, items } as ListValue] // the overloads pair the two
}

const types = { i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const

/** A structure as bytes. Its fields come in the order of their numbers, none more than 15 after the one before. */
export function structure(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = []
  writeStructure(fields, bytes)
  return Uint8Array.from(bytes)
}

function writeStructure(fields: readonly Field[], out: number[]): void {
  let last = 0
  for (const [id, type, value] of fields) {
    out.push(((id - last) << 4) | types[type])
    last = id
    if (type === 'struct') writeStructure(value, out)
    else if (type === 'list') writeList(value, out)
    else if (type === 'text') writeText(value, out)
    else writeWhole(value, out)
  }
  out.push(0)
}

function writeList({ of, items }: ListValue, out: number[]): void {
  if (items.length < 15) out.push((items.length << 4) | types[of])
  else {
    out.push(0xf0 | types[of])
    writeVarint(items.length, out)
  }
  if (of === 'struct') for (const item of items) writeStructure(item, out)
  else if (of === 'text') for (const item of items) writeText(item, out)
  else for (const item of items) writeWhole(item, out)
}

function writeText(value: string, out: number[]): void {
  const bytes = new TextEncoder().encode(value)
  writeVarint(bytes.length, out)
  for (const byte of bytes) out.push(byte)
}

/** A whole number that is not negative, in zigzag order. */
const writeWhole = (value: number, out: number[]): void => writeVarint(2 * value, out)

/** Seven bits a byte, the lowest first; exact up to 2⁵³. */
function writeVarint(value: number, out: number[]): void {
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128)
  out.push(rest)
}
