/**
 * For each row of `gains` [rows, columns] a column of its own, such that the sum of the chosen gains is largest; −1 for rows that get
 * none because there are fewer columns than rows. Shortest augmenting paths with dual prices, O(min² · max).
 * Source: Kuhn (1955), in the form of Jonker and Volgenant (1987).
 */
export function assign(gains: Float64Array, rows: number, columns: number): Int32Array {
  if (rows > columns) {
    const turned = Float64Array.from(gains, (_, at) => gains[(at % rows) * columns + Math.floor(at / rows)])
    const rowOf = assign(turned, columns, rows)
    const columnOf = new Int32Array(rows).fill(-1)
    rowOf.forEach((row, column) => {
      columnOf[row] = column
    })
    return columnOf
  }

  const rowPrice = new Float64Array(rows)
  const columnPrice = new Float64Array(columns)
  const rowOf = new Int32Array(columns).fill(-1)
  const before = new Int32Array(columns)
  const distance = new Float64Array(columns)
  const reached = new Uint8Array(columns)
  for (let start = 0; start < rows; start++) {
    // The cheapest path from `start` through assigned rows to a column that is still free; costs are −gain − prices ≥ 0.
    distance.fill(Number.POSITIVE_INFINITY)
    reached.fill(0)
    before.fill(-1)
    let row = start
    let column = -1
    let length = 0
    for (;;) {
      let nearest = -1
      for (let j = 0; j < columns; j++) {
        if (reached[j] === 1) continue
        const through = length - gains[row * columns + j] - rowPrice[row] - columnPrice[j]
        if (through < distance[j]) {
          distance[j] = through
          before[j] = column
        }
        if (nearest < 0 || distance[j] < distance[nearest]) nearest = j
      }
      column = nearest
      length = distance[column]
      if (rowOf[column] < 0) break
      reached[column] = 1
      row = rowOf[column]
    }
    rowPrice[start] += length
    for (let j = 0; j < columns; j++) {
      if (reached[j] === 0) continue
      rowPrice[rowOf[j]] += length - distance[j]
      columnPrice[j] -= length - distance[j]
    }
    for (; column >= 0; column = before[column]) rowOf[column] = before[column] < 0 ? start : rowOf[before[column]]
  }

  const columnOf = new Int32Array(rows).fill(-1)
  rowOf.forEach((row, column) => {
    if (row >= 0) columnOf[row] = column
  })
  return columnOf
}
