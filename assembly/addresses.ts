/** Addresses in the host's memory. */

/** `bytes` rounded up to a cache line. */
@inline
export function aligned(bytes: usize): usize {
  return (bytes + 63) & ~63
}

/** The address of double `index`. */
@inline
export function at8(base: usize, index: i32): usize {
  return base + (<usize>index << 3)
}
