import type { RunMemory } from '../graph/onnx/runMemory.js'
import { ConfigurationError, EnergiaError, FileFormatError } from '../tensor/errors.js'
import { formatShape } from '../tensor/tensor.js'
import { type Backend, type OrtTensor, reasonOf, type Session } from './backend.js'
import type { RunCount } from './runCount.js'
import { checkValue, type Declared, isShared, isValueType, ortTensor, type Value } from './value.js'

type Values = Readonly<Record<string, Value>>

/** A compiled graph. It owns a session of ONNX Runtime until disposed. */
export interface Program {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /**
   * Bytes that a run on a batch of so many takes at most beyond what it is fed, counted from the graph; absent where that came as bytes.
   */
  readonly memory?: RunMemory
  /**
   * One run: the graph's outputs for the inputs `feeds`, which are neither copied (native, on the CPU) nor changed.
   * Results are fresh unless `into` has preallocated ones, which are then filled in place and returned. Throws
   * `ShapeError` or `DataError` where a value is not what the graph declares, `ConfigurationError` where one is missing,
   * where an output would overwrite an input, where a run would take more memory than can be had, or after `dispose`.
   */
  run(feeds: Values, into?: Values): Promise<Values>
  /** Frees the session, once runs that are under way have ended. */
  dispose(): void
}

const nothing: Values = {}
/** Bytes of a result that are worth freeing before the collector does. */
const LARGE = 65536

/** A session as a {@link Program}. Throws {@link FileFormatError} where the graph has values that are no tensors of known types. */
export class SessionProgram implements Program {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly memory?: RunMemory
  private readonly declaredInputs: readonly Declared[]
  private readonly declaredOutputs: ReadonlyMap<string, Declared>
  /** The names of the open sizes. */
  private readonly openNames: string[] = []
  private running = 0
  private disposed = false

  constructor(
    private readonly backend: Backend,
    private readonly session: Session,
    private readonly count: RunCount | undefined,
  ) {
    this.inputs = session.inputNames
    this.outputs = session.outputNames
    if (count) this.memory = count.memory
    this.declaredInputs = session.inputMetadata.map((about) => this.declare(about))
    this.declaredOutputs = new Map(
      session.outputMetadata.map((about) => {
        const declared = this.declare(about)
        return [declared.name, declared]
      }),
    )
  }

  async run(feeds: Values, into: Values = nothing): Promise<Values> {
    if (this.disposed) throw new ConfigurationError('This program has been disposed of; compile the graph anew.')
    const open: number[] = []
    const given = this.takeFeeds(feeds, open)
    const fetches = this.takeOutputs(into, feeds, open)
    this.count?.check(open[this.openNames.indexOf('n')], given, fetches)
    this.running++
    let results: Readonly<Record<string, OrtTensor>>
    try {
      results = await this.backend.exclusive(() => this.session.run(given, fetches))
    } catch (error) {
      throw new EnergiaError(`The graph could not be run by ${this.backend.name}: ${reasonOf(error)}.`, {
        cause: error,
      })
    } finally {
      this.running--
      if (this.disposed && this.running === 0) this.release()
    }
    return this.handOver(results, into, fetches)
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    if (this.running === 0) this.release()
  }

  private release(): void {
    // Nobody waits for this, and a session that cannot be freed leaves nothing to do.
    this.backend.exclusive(() => this.session.release()).catch(() => {})
  }

  private takeFeeds(feeds: Values, open: number[]): Record<string, OrtTensor> {
    const { ort, takesShared } = this.backend
    const given: Record<string, OrtTensor> = {}
    for (const declared of this.declaredInputs) {
      const value = feeds[declared.name]
      if (value === undefined || value === null) {
        throw new ConfigurationError(
          `The input "${declared.name}" (${declared.text}) was not fed; this graph takes ${listed(this.inputs)}.`,
        )
      }
      checkValue('The input', value, declared, open, this.openNames)
      const data = takesShared || !isShared(value.data) ? value.data : value.data.slice()
      given[declared.name] = ortTensor(ort, declared.type, value.shape, data)
    }
    return given
  }

  /** The outputs to fetch: a tensor where one is filled in place, null where ONNX Runtime makes it. */
  private takeOutputs(into: Values, feeds: Values, open: number[]): Record<string, OrtTensor | null> {
    const { ort, fillsOutputs } = this.backend
    const fetches: Record<string, OrtTensor | null> = {}
    for (const name of this.outputs) fetches[name] = null
    if (into === nothing) return fetches
    const read = new Set<ArrayBufferLike>()
    for (const { name } of this.declaredInputs) read.add(feeds[name].data.buffer)
    for (const name of Object.keys(into)) {
      const declared = this.declaredOutputs.get(name)
      if (!declared) {
        throw new ConfigurationError(`There is no output "${name}"; this graph gives ${listed(this.outputs)}.`)
      }
      const value = into[name]
      if (value === undefined) continue
      checkValue('The preallocated output', value, declared, open, this.openNames)
      if (read.has(value.data.buffer)) this.refuseOverlap(name, value, feeds)
      if (fillsOutputs && !isShared(value.data)) fetches[name] = ortTensor(ort, declared.type, value.shape, value.data)
    }
    return fetches
  }

  private refuseOverlap(output: string, { data }: Value, feeds: Values): void {
    for (const input of this.inputs) {
      if (overlap(feeds[input].data, data)) {
        throw new ConfigurationError(
          `The output "${output}" would overwrite the input "${input}" while it is read; give it memory of its own.`,
        )
      }
    }
  }

  private handOver(
    results: Readonly<Record<string, OrtTensor>>,
    into: Values,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Values {
    const out: Record<string, Value> = {}
    const copies: ArrayBuffer[] = []
    for (const name of this.outputs) {
      const place = into[name]
      if (place && fetches[name]) {
        out[name] = place
        // onnxruntime-node fills the place, and then gives a copy of it as well.
        const { buffer, byteLength } = results[name].data as Float32Array
        if (byteLength >= LARGE && buffer !== place.data.buffer) copies.push(buffer as ArrayBuffer)
        continue
      }
      const { dims, data } = results[name]
      const value = { shape: dims, data: data as Value['data'] }
      out[name] = place ? filled(name, place, value) : value
    }
    if (copies.length > 0) this.backend.discard?.(copies)
    return out
  }

  private declare(about: Session['inputMetadata'][number]): Declared {
    const { name } = about
    if (!about.isTensor || !isValueType(about.type)) {
      throw new FileFormatError(
        `The graph's value "${name}" is ${about.isTensor ? `of type ${about.type}` : 'no tensor'}; float32, float64, int64 and bool tensors are known.`,
      )
    }
    const shape = about.shape.map((size) => {
      if (typeof size === 'number') return size
      // Open sizes without a name have nothing to do with each other.
      const known = size === '' ? -1 : this.openNames.indexOf(size)
      return ~(known >= 0 ? known : this.openNames.push(size) - 1)
    })
    return {
      name,
      type: about.type,
      shape,
      text: about.shape.length ? about.shape.map((s) => s || '?').join('×') : 'scalar',
    }
  }
}

function filled(name: string, place: Value, { shape, data }: Value): Value {
  if (data.length !== place.data.length) {
    throw new ConfigurationError(
      `The preallocated output "${name}" is ${formatShape(place.shape)}, and the graph gave ${formatShape(shape)}.`,
    )
  }
  // Both were held to the type that the graph declares.
  ;(place.data as Float32Array).set(data as Float32Array)
  return place
}

function overlap(a: Value['data'], b: Value['data']): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  )
}

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', ')
