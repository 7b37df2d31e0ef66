/** The kernels that the host calls. Memory belongs to the host: nothing here allocates. */
import { Convolution, tileAt } from './convolution'
import { listUnsettledTiles } from './convolutionDescent'
import { refineBytes } from './convolutionRefine'
import { residualBytes } from './convolutionResidual'
import { addEntry, scanBytes } from './convolutionScan'
import { activeSetBytes } from './activeSetScratch'
import { denseBytes } from './denseState'
import { maskedBytes } from './maskedState'
import { Learning } from './learning'
import { pursuitBytes } from './orthogonalMatchingPursuit'
import { Problem } from './problem'
export { CONTROL_BYTES, fail, help, join, parallelFor, publish, stop } from './parallel'
export { packCodes } from './packCodes'
export { transposeCodes } from './statistics'
export { gradientAtoms, updateAtoms } from './dictionaryUpdate'

export function heapBase(): usize {
  return (__heap_base + 1023) & ~1023
}

/** Bytes of scratch one thread needs for each kind of solver. */
export function activeSetScratch(problem: usize): usize {
  return activeSetBytes(changetype<Problem>(problem))
}
export function denseScratch(problem: usize): usize {
  return denseBytes(changetype<Problem>(problem))
}
export function pursuitScratch(problem: usize): usize {
  return pursuitBytes(changetype<Problem>(problem))
}
export function maskedScratch(problem: usize): usize {
  return maskedBytes(changetype<Problem>(problem))
}

/** The size of the problem's fields in bytes; the host checks its own against it. */
export function problemBytes(): usize {
  return offsetof<Problem>()
}

export function learningBytes(): usize {
  return offsetof<Learning>()
}

/** Bytes of scratch one thread needs for tiles of at most this size. */
export function convolutionScratch(convolution: usize, tileHeight: i32, tileWidth: i32): usize {
  const c = changetype<Convolution>(convolution)
  return max(
    refineBytes(c, tileHeight, tileWidth, c.fullest),
    max(scanBytes(c, tileHeight, tileWidth), residualBytes(c, tileHeight, tileWidth)),
  )
}
/** Lists the tiles of a colour that a sweep has to visit; how many they are. */
export function listUnsettled(convolution: usize, colour: i32): i32 {
  return listUnsettledTiles(changetype<Convolution>(convolution), colour)
}

export function convolutionBytes(): usize {
  return offsetof<Convolution>()
}
/** Appends a coefficient to a tile with room for it. */
export function addCoefficient(convolution: usize, tile: i32, corner: i32, kernel: i32, value: f32): void {
  const c = changetype<Convolution>(convolution)
  addEntry(c, tileAt(c, tile), corner, kernel, value)
}
