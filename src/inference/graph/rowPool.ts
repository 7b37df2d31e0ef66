import type { Program, Value } from '../../runtime/runtime.js'
import { sizeOf } from '../../tensor/tensor.js'

type Numbers = Float32Array | Float64Array

/** One named column of a pool: a number or a vector of each row, with the second copy that a step is written to. */
interface Column {
  readonly shape: readonly number[]
  readonly width: number
  now: Numbers
  next: Numbers | undefined
}

/**
 * The rows that a solver works on at present, in arrays of one after another. Rows come in at the end and leave when they are
 * done, the last ones filling their places, so that a step never works on a row that is solved.
 */
export class RowPool {
  private readonly columns = new Map<string, Column>()
  /** Where each row is from. */
  readonly origin: Int32Array
  length = 0

  constructor(readonly capacity: number) {
    this.origin = new Int32Array(capacity)
  }

  /** Adds rows that come from `from`, `from + 1`, …: values [count, …] by name. */
  push(from: number, count: number, values: Readonly<Record<string, Value>>): void {
    for (const [name, { shape, data }] of Object.entries(values)) {
      const column = this.column(name, shape.slice(1), data as Numbers)
      column.now.set(data as Numbers, this.length * column.width)
    }
    for (let i = 0; i < count; i++) this.origin[this.length + i] = from + i
    this.length += count
  }

  /** A step: what `program` makes of the columns and `shared`, in place of the columns of the same names. */
  async advance(program: Program, shared: Readonly<Record<string, Value>>): Promise<void> {
    const feeds: Record<string, Value> = {}
    for (const name of program.inputs) feeds[name] = shared[name] ?? this.view(this.columns.get(name)!, 'now')
    const into: Record<string, Value> = {}
    for (const output of program.outputs) {
      const column = this.columns.get(stateName(output))!
      column.next ??= column.now.slice()
      into[output] = this.view(column, 'next')
    }
    await program.run(feeds, into)
    for (const output of program.outputs) {
      const column = this.columns.get(stateName(output))!
      const { now, next } = column
      column.now = next!
      column.next = now
    }
  }

  /** The numbers of row `i`, over the pool's own memory. */
  row(name: string, i: number): Numbers {
    const { now, width } = this.columns.get(name)!
    return now.subarray(i * width, (i + 1) * width)
  }

  /** Takes row `i` out; the last row takes its place. */
  remove(i: number): void {
    const last = --this.length
    if (i === last) return
    for (const { now, width } of this.columns.values()) now.copyWithin(i * width, last * width, (last + 1) * width)
    this.origin[i] = this.origin[last]
  }

  private view({ shape, width, now, next }: Column, which: 'now' | 'next'): Value {
    const data = which === 'now' ? now : next!
    return { shape: [this.length, ...shape], data: data.subarray(0, this.length * width) }
  }

  private column(name: string, shape: readonly number[], like: Numbers): Column {
    let column = this.columns.get(name)
    if (!column) {
      const width = sizeOf(shape)
      const size = this.capacity * width
      const now = like instanceof Float64Array ? new Float64Array(size) : new Float32Array(size)
      column = { shape, width, now, next: undefined }
      this.columns.set(name, column)
    }
    return column
  }
}

const NEXT = 'next.'

/** What a step's result for a column is called: a graph cannot have an input and an output of one name. */
export const nextName = (name: string): string => NEXT + name
const stateName = (output: string): string => output.slice(NEXT.length)
