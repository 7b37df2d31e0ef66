import { describe, expect, it } from 'vitest'
import { parameterShapes, shapesOf } from '../../src/energy/module.js'
import { restoreModule } from '../../src/energy/restoreModule.js'
import { rng } from '../../src/tensor/random.js'

describe('parameterShapes', () => {
  it.each([
    { kind: 'linear', inputs: 3, outputs: 4 },
    { kind: 'linear', inputs: 3, outputs: [2, 2], bias: false },
    { kind: 'mlp', inputs: 3, hidden: [5], outputs: 2 },
    { kind: 'conv', input: [2, 6, 6], channels: 3, kernel: 3 },
    { kind: 'conv-transpose', input: [2, 3, 3], channels: 3, kernel: 2, bias: false },
    { kind: 'channels-first', picture: [4, 4, 3] },
    { kind: 'linear-shrink', inputs: 3, outputs: 2 },
    { kind: 'linear-tanh-gain', inputs: 3, outputs: 2 },
    { kind: 'lista', inputs: 3, outputs: 2, steps: 2 },
    { kind: 'lista', inputs: 3, outputs: 2, steps: 2, tied: false },
    { kind: 'lista', inputs: 3, outputs: 2, steps: 0 },
  ])('tells what init gives: $kind $outputs $tied', (config) => {
    const module = restoreModule(config)
    expect(module.shapes).toBeDefined()
    expect(parameterShapes(module)).toEqual(shapesOf(module.init(rng(0))))
  })
})

describe('sizes that no memory holds', () => {
  it.each([
    { kind: 'linear', inputs: 1e9, outputs: 400 },
    { kind: 'mlp', inputs: 3, hidden: [1e9], outputs: 2 },
    { kind: 'conv', input: [2, 6, 6], channels: 1e9, kernel: 3 },
    { kind: 'conv-transpose', input: [2, 3, 3], channels: 1e9, kernel: 2 },
    { kind: 'linear-shrink', inputs: 1e9, outputs: 1e9 },
    { kind: 'linear-tanh-gain', inputs: 1e9, outputs: 1e9 },
    { kind: 'lista', inputs: 3, outputs: 1e9, steps: 2 },
    { kind: 'mlp', inputs: 3, hidden: Array(200).fill(2000), outputs: 2 },
  ])('are refused with their size before anything is allocated: $kind', (config) => {
    expect(() => restoreModule(config)).toThrow(/GiB; a module may have 1 GiB\. Take smaller sizes/)
  })
})
