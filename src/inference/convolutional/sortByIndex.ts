const BITS = 11
const BUCKETS = 1 << BITS

/** Sorts indices (0 or more) in increasing order, and values with them, in place: three passes over 11 bits each. */
export function sortByIndex(indices: Int32Array, values: Float32Array): void {
  let keys: Int32Array = indices
  let numbers: Float32Array = values
  let otherKeys: Int32Array = new Int32Array(indices.length)
  let otherNumbers: Float32Array = new Float32Array(values.length)
  for (let shift = 0; shift < 31; shift += BITS) {
    const starts = new Int32Array(BUCKETS + 1)
    for (let i = 0; i < keys.length; i++) starts[((keys[i] >>> shift) & (BUCKETS - 1)) + 1]++
    for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1] += starts[bucket]
    for (let i = 0; i < keys.length; i++) {
      const to = starts[(keys[i] >>> shift) & (BUCKETS - 1)]++
      otherKeys[to] = keys[i]
      otherNumbers[to] = numbers[i]
    }
    ;[keys, otherKeys] = [otherKeys, keys]
    ;[numbers, otherNumbers] = [otherNumbers, numbers]
  }
  indices.set(keys)
  values.set(numbers)
}
