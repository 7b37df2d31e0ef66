import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeOnnx, exp, input, linear, mean, square, sub, sum } from '../../src/graph/index.js'
import { gradientTraining } from '../../src/learning/gradientTraining.js'
import { checkLearnable } from '../../src/learning/learnable.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { checkRoom, formatBytes } from '../../src/runtime/room.js'
import { runtime } from '../../src/runtime/runtime.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { zeros } from '../../src/tensor/tensor.js'

const MIB = 2 ** 20
const host = vi.hoisted(() => ({ memory: Number.POSITIVE_INFINITY }))

vi.mock('#kernels/host', async (original) => ({
  ...(await original<typeof import('../../src/kernels/host.node.js')>()),
  hostMemory: () => host.memory,
}))

afterEach(() => {
  host.memory = Number.POSITIVE_INFINITY
})

describe('memory that is asked for', () => {
  it('is refused where there is less, in a sentence with both numbers', () => {
    const room = () => 1000 * MIB
    expect(() => checkRoom(800 * MIB, 'This', 'Take less.', room)).not.toThrow()
    expect(() => checkRoom(801 * MIB, 'This', 'Take less.', room)).toThrow(
      new ConfigurationError('This would take about 801 MiB of memory, and 800 MiB can be had here. Take less.'),
    )
    expect(() => checkRoom(100 * MIB, 'This', 'Take less.', () => -5)).toThrow(/and 0 MiB can be had/)
  })

  it('is not asked about where it is little', () => {
    const room = vi.fn(() => 0)
    checkRoom(63 * MIB, 'This', 'Take less.', room)
    expect(room).not.toHaveBeenCalled()
  })

  it.each([
    [3 * 2 ** 30, '3 GiB'],
    [12.345 * 2 ** 30, '12.3 GiB'],
    [1023 * MIB, '1023 MiB'],
    [2 ** 51, '2097152 GiB'],
  ])('%d bytes are said as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe.each(['node', 'web'] as const)('graphs on onnxruntime-%s', (backend) => {
  it('are not run on a batch that takes more than can be had', async () => {
    const here = await runtime({ backend })
    const x = input('x', ['n', 1000])
    const program = await here.compile({ name: 'energy', outputs: { y: sum(exp(x), 1) } })
    try {
      host.memory = 64 * MIB
      const run = (n: number) => program.run({ x: zeros([n, 1000]) })
      await expect(run(20_000)).rejects.toThrow(
        /^The energy on a batch of 20000 would take about 252 MiB of memory, and 51.2 MiB can be had here\. Take smaller batches/,
      )
      expect((await run(10)).y.shape).toEqual([10])
      host.memory = Number.POSITIVE_INFINITY
      expect((await run(20_000)).y.shape).toEqual([20_000])
    } finally {
      program.dispose()
    }
  })

  it('tell what a run takes, with the plan that ONNX Runtime keeps of small ones', async () => {
    const here = await runtime({ backend })
    const ofNumbers = async (columns: number) => {
      const program = await here.compile({ outputs: { y: exp(input('x', ['n', columns])) } })
      program.dispose()
      return (program.memory?.(1000) ?? 0) / (4000 * columns)
    }
    // The result, and the copy of it that is handed over; a plan holds them once more.
    expect(await ofNumbers(100_000)).toBeCloseTo(2 * 1.15)
    expect(await ofNumbers(3)).toBeCloseTo(4 * 1.15)
  })

  it('tell nothing where they come as bytes', async () => {
    const here = await runtime({ backend })
    const program = await here.compile(encodeOnnx({ outputs: { y: exp(input('x', ['n', 3])) } }))
    expect(program.memory).toBeUndefined()
    program.dispose()
  })
})

describe('training', () => {
  const problem = (units: number) => ({
    parameters: { w: zeros([units, 1000]) },
    inputs: { x: ['n', 1000] as const, y: ['n', units] as const },
    loss: (
      { w }: Record<string, Parameters<typeof square>[0]>,
      { x, y }: Record<string, Parameters<typeof square>[0]>,
    ) => mean(square(sub(linear(x, w), y))),
    optimizer: adam(),
  })

  it('is refused with its parameters, gradients and moments counted', async () => {
    host.memory = 200 * MIB
    const given = { ...problem(10_000), runtime: await runtime({ backend: 'node' }) }
    await expect(gradientTraining(given)).rejects.toThrow(
      /^Learning 10000000 parameters, with their gradients and what the optimizer remembers, would take about 2\d\d MiB of memory, and 160 MiB can be had here\. Take fewer units/,
    )
    host.memory = 400 * MIB
    const training = await gradientTraining(given)
    training.dispose()
  })

  it('keeps its parameters where a batch is too large, and goes on with a smaller one', async () => {
    const training = await gradientTraining({ ...problem(1000), runtime: await runtime({ backend: 'node' }) })
    try {
      const step = (n: number) => training.step({ x: zeros([n, 1000]), y: zeros([n, 1000]) })
      host.memory = 100 * MIB
      await expect(step(20_000)).rejects.toThrow(/^The training step on a batch of 20000 would take about \d\d\d MiB/)
      expect(training.stepsTaken).toBe(0)
      expect((await step(100)).status).toBe('ok')
    } finally {
      training.dispose()
    }
  })

  it('is refused by the shapes of parameters alone, before they are drawn', () => {
    host.memory = 2 ** 30
    expect(() => checkLearnable({ w: [1000, 1000], b: [1000] })).not.toThrow()
    expect(() => checkLearnable({ w: [100_000, 1000] })).toThrow(/^Learning 100000000 parameters.* 1\.49 GiB/)
  })
})
