import { concatCodes, emptyCodes } from './codes.js'
import type { Inference, Status } from './inference.js'

/** Arrays that one call takes as arguments. */
const TOGETHER = 1000

/** Lists one after the other; a call of `concat` copies whole lists, where `flat` looks at every entry. */
function concatenated(lists: readonly (readonly Status[])[]): Status[] {
  let all: Status[] = []
  for (let at = 0; at < lists.length; at += TOGETHER) all = all.concat(...lists.slice(at, at + TOGETHER))
  return all
}

/** The results of consecutive batches over `atoms` atoms as one. */
export function joinInferences(parts: readonly Inference[], atoms: number): Inference {
  const total = parts.reduce((sum, part) => sum + part.steps.length, 0)
  const joined = <A extends Float64Array | Uint32Array>(out: A, pick: (part: Inference) => A | undefined): A => {
    let at = 0
    for (const part of parts) {
      const values = pick(part)
      if (values) out.set(values, at)
      at += part.steps.length
    }
    return out
  }
  const convex = parts.every((part) => part.gap !== undefined)
  const measured = parts.every((part) => part.gap !== undefined || part.stationarity !== undefined)
  const certificate = joined(new Float64Array(total), (part) => part.gap ?? part.stationarity)
  return {
    codes: parts.length > 0 ? concatCodes(parts.map((part) => part.codes)) : emptyCodes(atoms),
    energy: joined(new Float64Array(total), (part) => part.energy),
    ...(convex ? { gap: certificate } : measured ? { stationarity: certificate } : {}),
    steps: joined(new Uint32Array(total), (part) => part.steps),
    status: concatenated(parts.map((part) => part.status)),
  }
}
