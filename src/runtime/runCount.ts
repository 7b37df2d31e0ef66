import type { RunMemory } from '../graph/onnx/runMemory.js'
import type { Backend, OrtTensor } from './backend.js'
import { checkRoom } from './room.js'

/** ONNX Runtime keeps its memory in pieces that sizes do not fill: so much more was measured, on average. */
const GAPS = 1.15
/** A batch larger than most, and what a run on it may take to count as small. */
const LARGE_BATCH = 1024
const SMALL_RUN = 64 * 2 ** 20

/** What runs of one graph take, held against what can be had before a batch larger than all before it is run. */
export class RunCount {
  readonly memory: RunMemory
  /**
   * Whether ONNX Runtime is to plan the memory of runs: small ones are up to a twelfth faster for it. A plan is made after the first
   * run and then taken beside what that one took: twice as much.
   */
  readonly planned: boolean
  private largest = 0

  constructor(
    private readonly name: string,
    counted: RunMemory,
    private readonly backend: Backend,
  ) {
    this.planned = counted(LARGE_BATCH) <= SMALL_RUN
    const times = this.planned ? 2 * GAPS : GAPS
    this.memory = (batch) => times * counted(batch)
  }

  /** Throws `ConfigurationError` where a run on a batch (of 1 where no size is open) would take more memory than can be had. */
  check(
    batch: number | undefined,
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): void {
    const rows = batch ?? 1
    if (rows <= this.largest) return
    const { room, fillsOutputs } = this.backend
    const rowsOf = (fed: OrtTensor) => batch !== undefined && fed.dims[0] === batch
    // Outputs that are filled in place are there already, and another batch is read before this one is collected; a memory of its own holds
    // copies of all that is fed.
    const beside = fillsOutputs
      ? bytesOf(Object.values(feeds).filter(rowsOf)) - bytesOf(Object.values(fetches))
      : bytesOf(Object.values(feeds))
    const [what, advice] =
      batch === undefined
        ? [`A run of the ${this.name}`, 'Take smaller sizes.']
        : [`The ${this.name} on a batch of ${batch}`, 'Take smaller batches, or a smaller model.']
    checkRoom(this.memory(rows) + beside, what, advice, room)
    this.largest = rows
  }
}

const bytesOf = (tensors: readonly (OrtTensor | null)[]): number =>
  tensors.reduce((bytes, tensor) => bytes + (tensor ? (tensor.data as Float32Array).byteLength : 0), 0)
