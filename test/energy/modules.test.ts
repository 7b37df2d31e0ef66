import { describe, expect, it } from 'vitest'
import { linearShrink } from '../../src/energy/encoders/linearShrink.js'
import { linearTanhGain } from '../../src/energy/encoders/linearTanhGain.js'
import { listaEncoder } from '../../src/energy/encoders/listaEncoder.js'
import { applyModule, defineModule, type Module, type Parameters, prefixed, scoped } from '../../src/energy/module.js'
import { type Activation, activations } from '../../src/energy/modules/activation.js'
import { conv } from '../../src/energy/modules/conv.js'
import { convTranspose } from '../../src/energy/modules/convTranspose.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { pool } from '../../src/energy/modules/pool.js'
import { channelsFirst, channelsLast, reshaped } from '../../src/energy/modules/reshaped.js'
import { scaled } from '../../src/energy/modules/scaled.js'
import { sequential } from '../../src/energy/modules/sequential.js'
import { moduleKinds, restoreModule } from '../../src/energy/restoreModule.js'
import { gradient, input, mul, type Sym, square, sum } from '../../src/graph/index.js'
import { ConfigurationError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { sizeOf } from '../../src/tensor/tensor.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'

/** A module with the shapes that go in, and what it gives for one row where that is short to say. */
interface Row {
  readonly make: () => Module
  readonly inputs: readonly (readonly number[])[]
  naive?(parameters: Parameters, inputs: readonly (readonly number[])[]): number[]
}

const affineRow = (weight: Float32Array, bias: ArrayLike<number> | undefined, x: readonly number[]): number[] =>
  Array.from({ length: weight.length / x.length }, (_, i) =>
    x.reduce((total, value, j) => total + value * weight[i * x.length + j], bias?.[i] ?? 0),
  )

const rows: Record<string, Row> = {
  linear: {
    make: () => linear({ inputs: 3, outputs: 4, activation: 'tanh' }),
    inputs: [[3]],
    naive: ({ weight, bias }, [x]) => affineRow(weight.data, bias.data, x).map(Math.tanh),
  },
  'linear, two inputs': {
    make: () => linear({ inputs: 6, outputs: [2, 2] }),
    inputs: [[2, 2], [2]],
    naive: ({ weight, bias }, [h, z]) => affineRow(weight.data, bias.data, [...h, ...z]),
  },
  mlp: {
    make: () => mlp({ inputs: 3, hidden: [5], outputs: 2, activation: 'softplus', outputActivation: 'sigmoid' }),
    inputs: [[3]],
    naive: (p, [x]) => {
      const hidden = affineRow(p['0.weight'].data, p['0.bias'].data, x).map((v) => Math.log1p(Math.exp(v)))
      return affineRow(p['1.weight'].data, p['1.bias'].data, hidden).map((v) => 1 / (1 + Math.exp(-v)))
    },
  },
  conv: {
    make: () => conv({ input: [5, 6], channels: 2, kernel: 3, stride: 2, padding: 1 }),
    inputs: [[5, 6]],
    naive: ({ kernel, bias }, [x]) =>
      [0, 1].flatMap((c) =>
        [0, 1, 2].flatMap((top) =>
          [0, 1, 2].map((left) => {
            let total = bias.data[c]
            for (let i = 0; i < 3; i++) {
              for (let j = 0; j < 3; j++) {
                const [row, column] = [2 * top + i - 1, 2 * left + j - 1]
                if (row < 0 || row >= 5 || column < 0 || column >= 6) continue
                total += kernel.data[9 * c + 3 * i + j] * x[6 * row + column]
              }
            }
            return total
          }),
        ),
      ),
  },
  'conv-transpose': {
    make: () => convTranspose({ input: [2, 2, 3], channels: 1, kernel: 2, stride: 2, activation: 'relu' }),
    inputs: [[2, 2, 3]],
    naive({ kernel, bias }, [x]) {
      const out = new Array<number>(4 * 6).fill(bias.data[0])
      for (let c = 0; c < 2; c++) {
        for (let row = 0; row < 2; row++) {
          for (let column = 0; column < 3; column++) {
            for (let i = 0; i < 2; i++) {
              for (let j = 0; j < 2; j++) {
                out[(2 * row + i) * 6 + 2 * column + j] += x[6 * c + 3 * row + column] * kernel.data[4 * c + 2 * i + j]
              }
            }
          }
        }
      }
      return out.map((v) => Math.max(0, v))
    },
  },
  pool: {
    make: () => pool({ input: [2, 5, 6], size: 2 }),
    inputs: [[2, 5, 6]],
    naive: (_, [x]) => pooledNaively(x, (cell) => Math.max(...cell)),
  },
  'pool, means': {
    make: () => pool({ input: [2, 5, 6], size: 2, how: 'mean' }),
    inputs: [[2, 5, 6]],
    naive: (_, [x]) => pooledNaively(x, (cell) => cell.reduce((a, b) => a + b) / 4),
  },
  scaled: {
    make: () => scaled({ input: [2, 2], factor: 0.5 }),
    inputs: [[2, 2]],
    naive: (_, [x]) => x.map((v) => v / 2),
  },
  reshaped: { make: () => reshaped({ input: [2, 3], output: [6] }), inputs: [[2, 3]], naive: (_, [x]) => [...x] },
  'channels-first': {
    make: () => channelsFirst([1, 2, 3]),
    inputs: [[1, 2, 3]],
    naive: (_, [x]) => [0, 1, 2].flatMap((c) => [x[c], x[3 + c]]),
  },
  'channels-last': {
    make: () => channelsLast([3, 1, 2]),
    inputs: [[3, 1, 2]],
    naive: (_, [x]) => [0, 1].flatMap((p) => [x[p], x[2 + p], x[4 + p]]),
  },
  sequential: {
    make: () =>
      sequential(
        linear({ inputs: 2, outputs: [2, 2, 2] }),
        convTranspose({ input: [2, 2, 2], channels: 3, kernel: 3 }),
        channelsLast([3, 4, 4]),
      ),
    inputs: [[2]],
  },
  'linear-tanh-gain': { make: () => linearTanhGain({ inputs: 3, outputs: 4 }), inputs: [[3]] },
  'linear-shrink': { make: () => linearShrink({ inputs: 3, outputs: 4 }), inputs: [[3]] },
  lista: { make: () => listaEncoder({ inputs: 3, outputs: 4, steps: 2 }), inputs: [[3]] },
}

/** Two maps of 5×6 in cells of 2×2; the last row is in none. */
const pooledNaively = (x: readonly number[], pooled: (cell: number[]) => number): number[] =>
  [0, 1].flatMap((map) =>
    [0, 1].flatMap((a) =>
      [0, 1, 2].map((b) => pooled([0, 1].flatMap((i) => [0, 1].map((j) => x[30 * map + 6 * (2 * a + i) + 2 * b + j])))),
    ),
  )

const build = (row: Row) => {
  const module = row.make()
  const parameters = module.init(rng(3))
  const symbols = Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, input(name, shape)]))
  const inputs = row.inputs.map((shape, i) => input(`in${i}`, ['n', ...shape]))
  return { module, parameters, symbols, inputs, output: applyModule('decoder', module, symbols, ...inputs) }
}
const values = (shape: readonly number[], seed: number) => {
  const random = rng(seed)
  return Array.from({ length: sizeOf(shape) }, () => random.normal())
}

it('covers every ready kind', () => {
  const kinds = new Set(Object.values(rows).map(({ make }) => make().kind))
  expect([...kinds].sort()).toEqual([...moduleKinds].sort())
})

for (const [name, row] of Object.entries(rows)) {
  describe(name, () => {
    const { module, parameters, symbols, inputs, output } = build(row)
    const given = row.inputs.map((shape, i) => [values(shape, 10 + i), values(shape, 20 + i)])
    const feeds = {
      ...parameters,
      ...Object.fromEntries(given.map((pair, i) => [`in${i}`, { shape: [2, ...row.inputs[i]], data: pair.flat() }])),
    }

    it('gives the shape that it states, and what its formula says, for each row', () => {
      expect(output.shape).toEqual(['n', ...module.outputShape])
      const found = evaluateGraph({ output }, feeds).output
      expect(found.shape).toEqual([2, ...module.outputShape])
      for (const i of [0, 1]) {
        const expected = row.naive?.(
          parameters,
          given.map((pair) => pair[i]),
        )
        const size = sizeOf(module.outputShape)
        for (const [p, wanted] of (expected ?? []).entries()) expect(found.data[i * size + p]).toBeCloseTo(wanted, 9)
      }
    })

    it('has the derivatives that finite differences give, to parameters and inputs', () => {
      const all = { ...symbols, ...Object.fromEntries(inputs.map((sym, i) => [`in${i}`, sym])) }
      const weights = input('weights', ['n', ...module.outputShape])
      const scalar = sum(mul(weights, square(output)))
      const slopes = gradient(scalar, Object.values(all))
      const fed = {
        ...feeds,
        weights: { shape: [2, ...module.outputShape], data: values([2, ...module.outputShape], 5) },
      }
      const found = evaluateGraph(Object.fromEntries(Object.keys(all).map((key, i) => [key, slopes[i]])), fed)
      for (const key of Object.keys(all)) {
        const { shape, data } = fed[key as keyof typeof fed]
        const places = Array.from({ length: Math.min(6, data.length) }, (_, i) =>
          Math.floor((i * data.length) / Math.min(6, data.length)),
        )
        for (const place of places) {
          const at = (by: number) => {
            const moved = Float64Array.from(data)
            moved[place] += by
            return evaluateGraph({ scalar }, { ...fed, [key]: { shape, data: moved } }).scalar.data[0]
          }
          const expected = (at(1e-5) - at(-1e-5)) / 2e-5
          expect(Math.abs(found[key].data[place] - expected)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(expected)))
        }
      }
    })

    it('comes back from its description, and begins the same for the same seed', () => {
      const back = restoreModule(JSON.parse(JSON.stringify(module.describe())))
      expect(back.describe()).toEqual(module.describe())
      expect(back.outputShape).toEqual(module.outputShape)
      expect(back.init(rng(3))).toEqual(parameters)
      const again = back.apply(symbols, ...inputs)
      expect(evaluateGraph({ again }, feeds).again).toEqual(evaluateGraph({ output }, feeds).output)
    })

    it('says what it was given where that does not fit', () => {
      const wrong = input('wrong', ['n', 17])
      expect(() => module.apply(symbols, wrong)).toThrow(ShapeError)
      expect(() => module.apply(symbols, wrong)).toThrow(/"wrong" \[n×17\]/)
    })

    if (module.affine) {
      it('is the plane that it says it is', () => {
        const { weight, offset } = module.affine!(symbols, ...inputs.slice(0, -1))
        const found = evaluateGraph({ weight, ...(offset ? { offset } : {}), output } as Record<string, Sym>, feeds)
        const size = sizeOf(module.outputShape)
        const last = given[given.length - 1]
        for (const i of [0, 1]) {
          const flat = affineRow(Float32Array.from(found.weight.data), undefined, last[i])
          for (const [p, value] of flat.entries()) {
            const shift = found.offset ? found.offset.data[found.offset.data.length > size ? i * size + p : p] : 0
            expect(found.output.data[i * size + p]).toBeCloseTo(value + shift, 5)
          }
        }
      })
    }

    if (module.normalized) {
      it('can have its columns at norm 1, what comes before the code as it was', () => {
        const lastSize = sizeOf(row.inputs[row.inputs.length - 1])
        const normal = module.normalized!(symbols, lastSize)
        const found = evaluateGraph(normal, feeds)
        const name = Object.hasOwn(parameters, 'kernel') ? 'kernel' : 'weight'
        const { shape, data } = found[name]
        if (name === 'kernel') {
          const size = data.length / shape[0]
          for (let c = 0; c < shape[0]; c++)
            expect(Math.hypot(...data.subarray(c * size, (c + 1) * size))).toBeCloseTo(1, 6)
        } else {
          for (let j = 0; j < shape[1]; j++) {
            const column = Array.from({ length: shape[0] }, (_, i) => data[i * shape[1] + j])
            const before = Array.from({ length: shape[0] }, (_, i) => parameters.weight.data[i * shape[1] + j])
            expect(Math.hypot(...column)).toBeCloseTo(j < shape[1] - lastSize ? Math.hypot(...before) : 1, 6)
          }
        }
      })
    }
  })
}

describe('settings', () => {
  it('say what is wrong with them', () => {
    expect(() => linear({ inputs: 0, outputs: 2 })).toThrow(/inputs must be a whole number, 1 or more; got 0/)
    expect(() => linear({ inputs: 2, outputs: 2, activation: 'swish' as Activation })).toThrow(
      /"swish".*tanh.*softplus/,
    )
    expect(() => conv({ input: [4, 4], channels: 1, kernel: 7 })).toThrow(/side 7 does not fit in 4×4/)
    expect(() => conv({ input: [4], channels: 1, kernel: 1 })).toThrow(/\[height, width\]/)
    expect(() => conv({ input: [4, 4], channels: 1, kernel: 1, padding: -1 })).toThrow(/padding/)
    expect(() => convTranspose({ input: [2, 2], channels: 1, kernel: 2, padding: 3 })).toThrow(
      /padding of 3 leaves nothing/,
    )
    expect(() => reshaped({ input: [2, 3], output: [5] })).toThrow(ShapeError)
    expect(() => sequential()).toThrow(ConfigurationError)
    expect(() => pool({ input: [2, 3, 4], size: 4 })).toThrow(/cells of 4×4 do not fit in maps of 3×4/i)
    expect(() => pool({ input: [3, 4], size: 2 })).toThrow(/\[channels, height, width\]; got \[3, 4\]/)
    expect(() => pool({ input: [2, 3, 4], size: 2, how: 'least' as 'max' })).toThrow(/max or mean; got "least"/)
    expect(() => scaled({ input: [3], factor: Number.NaN })).toThrow(/finite number, not 0; got NaN/)
    expect(() => restoreModule({ kind: 'own', name: 'mine' })).toThrow(/"mine".*definition/)
    expect(() => restoreModule({ kind: 'transformer' })).toThrow(/no module "transformer".*linear/)
    expect(() => restoreModule({ kind: 'sequential' })).toThrow(ConfigurationError)
    expect(() => defineModule({ name: '', outputShape: [1], apply: (_, x) => x })).toThrow(/name/)
    expect(activations).toContain('identity')
  })

  it('keep parameters of parts apart by their names', () => {
    const parts = prefixed({ weight: 1, 'deep.bias': 2 }, 'decoder')
    expect(parts).toEqual({ 'decoder.weight': 1, 'decoder.deep.bias': 2 })
    expect(scoped({ ...parts, 'decoders.weight': 3 }, 'decoder')).toEqual({ weight: 1, 'deep.bias': 2 })
  })
})
