import { sizeOf } from '../tensor/tensor.js'
import type { ArrayLayout } from './arrayLayout.js'
import { bytesOf, decodeNumbers } from './elementType.js'
import type { FileHandleLike } from './fileHandle.js'

/** Rows closer together than this are read in one go, with what lies between them. */
const gap = 1 << 15
const longestRead = 1 << 22

/** The rows of an array in C order with the given numbers, in their order, read from the file in sorted runs. */
export async function takeFromFile(
  handle: FileHandleLike,
  layout: ArrayLayout,
  indices: Float64Array,
): Promise<Float32Array> {
  const width = sizeOf(layout.shape.slice(1))
  const bytes = width * bytesOf(layout.type)
  const out = new Float32Array(indices.length * width)
  const places = Uint32Array.from(indices, (_, i) => i).sort((a, b) => indices[a] - indices[b])
  for (let begin = 0; begin < places.length; ) {
    const first = indices[places[begin]]
    let end = begin + 1
    while (end < places.length) {
      const next = indices[places[end]]
      if ((next - indices[places[end - 1]] - 1) * bytes > gap || (next - first + 1) * bytes > longestRead) break
      end++
    }
    const last = indices[places[end - 1]]
    const run = await handle.read(layout.offset + first * bytes, (last - first + 1) * bytes)
    for (let at = begin; at < end; at++) {
      const from = (indices[places[at]] - first) * bytes
      decodeNumbers(run.subarray(from, from + bytes), layout.type, layout.littleEndian, out, places[at] * width)
    }
    begin = end
  }
  return out
}
