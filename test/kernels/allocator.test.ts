import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Allocator } from '../../src/kernels/allocator.js'
import { ConfigurationError } from '../../src/tensor/errors.js'

const PAGE = 65536
const memoryOf = (pages: number) => new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true })

/** What a program does with memory: takes some bytes, or gives back one of the pieces it holds. */
const action = fc.oneof(
  fc.record({ take: fc.integer({ min: 0, max: 40_000 }) }),
  fc.record({ give: fc.nat({ max: 1000 }) }),
)

describe('the allocator', () => {
  it('never gives out a byte twice, aligns, stays within its limit, and is empty when all is given back', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), fc.integer({ min: 0, max: 5000 }), (actions, base) => {
        const memory = memoryOf(16)
        const limit = 16 * PAGE
        const allocator = new Allocator(memory, base, limit)
        const held: { at: number; bytes: number }[] = []
        for (const step of actions) {
          if ('give' in step) {
            if (held.length === 0) continue
            const [{ at }] = held.splice(step.give % held.length, 1)
            allocator.free(at)
            continue
          }
          let at: number
          try {
            at = allocator.allocate(step.take, 'A test')
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigurationError)
            continue
          }
          expect(at % 64).toBe(0)
          expect(at).toBeGreaterThanOrEqual(base)
          expect(at + step.take).toBeLessThanOrEqual(memory.buffer.byteLength)
          expect(at + step.take).toBeLessThanOrEqual(limit)
          for (const other of held) {
            expect(at + Math.max(1, step.take) <= other.at || other.at + Math.max(1, other.bytes) <= at).toBe(true)
          }
          held.push({ at, bytes: step.take })
          expect(allocator.used).toBeGreaterThanOrEqual(held.reduce((sum, { bytes }) => sum + bytes, 0))
        }
        for (const { at } of held) allocator.free(at)
        expect(allocator.used).toBe(0)
        // All of it is one piece again.
        const whole = limit - Math.ceil(base / 64) * 64
        expect(allocator.allocate(whole, 'Everything')).toBe(Math.ceil(base / 64) * 64)
      }),
    )
  })

  it('takes a piece back once only', () => {
    const allocator = new Allocator(memoryOf(4), 0, 4 * PAGE)
    const first = allocator.allocate(100, 'A')
    const second = allocator.allocate(100, 'B')
    allocator.free(first)
    allocator.free(first)
    allocator.free(12345)
    expect(allocator.allocate(10, 'C')).toBe(first)
    expect(allocator.allocate(10, 'D')).not.toBe(second)
  })

  it('says what does not fit, how much is left and what to do', () => {
    const allocator = new Allocator(memoryOf(32), 0, 32 * PAGE)
    allocator.allocate(PAGE, 'Something')
    for (const bytes of [2 ** 26, 2 ** 40, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(() => allocator.allocate(bytes, 'A dictionary of 5 atoms')).toThrow(ConfigurationError)
    }
    expect(() => allocator.allocate(2 ** 26, 'A dictionary of 5 atoms')).toThrow(
      /A dictionary of 5 atoms need 64 MiB .* 2 MiB are left; use fewer atoms/,
    )
    expect(allocator.used).toBe(PAGE)
  })

  it('reports a host that does not let its memory grow', () => {
    const allocator = new Allocator(memoryOf(2), 0, 64 * PAGE)
    expect(() => allocator.allocate(40 * PAGE, 'A batch')).toThrow(/A batch need 3 MiB/)
    expect(allocator.allocate(PAGE, 'A smaller batch')).toBe(0)
  })
})
