/**
 * Each row of `rows` [n, m] times a symmetric matrix [m, m], into a new array [n, m]; sums run in double precision, in an
 * order that does not depend on how many rows a batch has.
 */
export function multiplyRows(rows: Float32Array, symmetric: Float64Array, m: number): Float32Array {
  const out = new Float32Array(rows.length)
  const count = m === 0 ? 0 : rows.length / m
  const a = new Float64Array(m)
  const b = new Float64Array(m)
  // Two rows against two columns at a time, which keeps four sums in registers and reads the matrix half as often.
  for (let r = 0; r < count; r += 2) {
    const first = r * m
    const second = Math.min(r + 1, count - 1) * m
    a.set(rows.subarray(first, first + m))
    b.set(rows.subarray(second, second + m))
    for (let j = 0; j < m; j += 2) {
      const left = j * m
      const right = Math.min(j + 1, m - 1) * m
      let aLeft = 0
      let aRight = 0
      let bLeft = 0
      let bRight = 0
      for (let i = 0; i < m; i++) {
        const u = symmetric[left + i]
        const v = symmetric[right + i]
        aLeft += a[i] * u
        aRight += a[i] * v
        bLeft += b[i] * u
        bRight += b[i] * v
      }
      out[first + left / m] = aLeft
      out[first + right / m] = aRight
      out[second + left / m] = bLeft
      out[second + right / m] = bRight
    }
  }
  return out
}
