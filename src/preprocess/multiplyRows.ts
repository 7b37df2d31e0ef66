/**
 * Each row of `rows` [n, m] times a symmetric matrix [m, m], into a new array [n, m]; sums run in double precision, in an
 * order that does not depend on how many rows a batch has.
 */
export function multiplyRows(rows: Float32Array, symmetric: Float32Array, m: number): Float32Array {
  const out = new Float32Array(rows.length)
  const count = m === 0 ? 0 : rows.length / m
  // Two rows against four columns at a time: eight sums stay in registers, and the matrix is read half as often.
  for (let r = 0; r < count; r += 2) {
    const a = r * m
    const b = Math.min(r + 1, count - 1) * m
    let j = 0
    for (; j + 4 <= m; j += 4) {
      const [w0, w1, w2, w3] = [j * m, (j + 1) * m, (j + 2) * m, (j + 3) * m]
      let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0]
      for (let i = 0; i < m; i++) {
        const x = rows[a + i]
        const y = rows[b + i]
        a0 += x * symmetric[w0 + i]
        b0 += y * symmetric[w0 + i]
        a1 += x * symmetric[w1 + i]
        b1 += y * symmetric[w1 + i]
        a2 += x * symmetric[w2 + i]
        b2 += y * symmetric[w2 + i]
        a3 += x * symmetric[w3 + i]
        b3 += y * symmetric[w3 + i]
      }
      out[a + j] = a0
      out[a + j + 1] = a1
      out[a + j + 2] = a2
      out[a + j + 3] = a3
      out[b + j] = b0
      out[b + j + 1] = b1
      out[b + j + 2] = b2
      out[b + j + 3] = b3
    }
    for (; j < m; j++) {
      let left = 0
      let right = 0
      for (let i = 0; i < m; i++) {
        left += rows[a + i] * symmetric[j * m + i]
        right += rows[b + i] * symmetric[j * m + i]
      }
      out[a + j] = left
      out[b + j] = right
    }
  }
  return out
}
