import type { Codes } from '../inference/codes.js'
import { ShapeError } from '../tensor/errors.js'

/** How many of the codes [n, k] use each atom: [k]. Add to earlier counts (of more batches) by giving them as `out`. */
export function atomUsage(codes: Codes, out: Uint32Array = new Uint32Array(codes.shape[1])): Uint32Array {
  if (out.length !== codes.shape[1]) {
    throw new ShapeError(`Usage counts of ${out.length} atoms cannot take codes over ${codes.shape[1]} atoms.`)
  }
  for (let at = 0; at < codes.values.length; at++) if (codes.values[at] !== 0) out[codes.indices[at]]++
  return out
}

/** The atoms that no more than `atMost` codes used (0 by default: never), in increasing order. */
export function deadAtoms(usage: ArrayLike<number>, atMost = 0): number[] {
  return Array.from({ length: usage.length }, (_, atom) => atom).filter((atom) => usage[atom] <= atMost)
}
