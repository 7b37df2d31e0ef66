import { describe, expect, it } from 'vitest'
import { defineCost } from '../../src/energy/cost.js'
import { huber } from '../../src/energy/costs/huber.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { defineRegularizer } from '../../src/energy/graphRegularizer.js'
import {
  type EnergyParts,
  givenOf,
  latentVariableEnergy,
  observationInputs,
  parameterInputs,
  total,
} from '../../src/energy/latentVariableEnergy.js'
import { defineModule } from '../../src/energy/module.js'
import { linear } from '../../src/energy/modules/linear.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { restoreGraphRegularizer } from '../../src/energy/restoreGraphRegularizer.js'
import { add, constant, input, mean, square, sum } from '../../src/graph/index.js'
import { ConfigurationError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'

const whole: EnergyParts = {
  shapes: { x: 2, y: [2, 2], z: 3 },
  predictor: linear({ inputs: 2, outputs: 2, activation: 'tanh' }),
  decoder: linear({ inputs: 5, outputs: [2, 2] }),
  cost: huber({ delta: 0.5 }),
  regularizer: l1({ lambda: 0.3 }),
  encoder: linear({ inputs: 6, outputs: 3 }),
  gamma: 0.7,
}

describe('an energy', () => {
  it('is the sum of its terms, each as its formula says', () => {
    const energy = latentVariableEnergy(whole)
    const parameters = energy.init(rng(2))
    const symbols = parameterInputs(parameters)
    const { x, y } = observationInputs(energy)
    const z = input('z', ['n', 3])
    const h = energy.context(symbols, x)
    const terms = energy.terms(symbols, givenOf(y, h, energy.encode(symbols, y, h)), z, constant(0.3))
    const random = rng(4)
    const draw = (shape: number[]) => ({
      shape,
      data: Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    })
    const feeds = { ...parameters, x: draw([2, 2]), y: draw([2, 2, 2]), z: draw([2, 3]) }
    const { cost, regularizer, encoder } = terms
    const found = evaluateGraph({ cost, regularizer: regularizer!, encoder: encoder!, all: total(terms) }, feeds)
    const affine = (name: string, inputs: number[]) => {
      const [weight, bias] = [parameters[`${name}.weight`].data, parameters[`${name}.bias`].data]
      return Array.from(bias, (b, i) => inputs.reduce((s, v, j) => s + v * weight[i * inputs.length + j], b))
    }
    for (const i of [0, 1]) {
      const row = (name: 'x' | 'y' | 'z', size: number) => feeds[name].data.slice(i * size, (i + 1) * size)
      const hidden = affine('predictor', row('x', 2)).map(Math.tanh)
      const yHat = affine('decoder', [...hidden, ...row('z', 3)])
      const guess = affine('encoder', [...row('y', 4), ...hidden])
      const fit = row('y', 4).reduce((s, v, p) => {
        const far = Math.abs(v - yHat[p])
        return s + (far <= 0.5 ? far ** 2 / 2 : 0.5 * far - 0.125)
      }, 0)
      const penalty = 0.3 * row('z', 3).reduce((s, v) => s + Math.abs(v), 0)
      const pull = (0.7 / 2) * row('z', 3).reduce((s, v, j) => s + (v - guess[j]) ** 2, 0)
      expect(found.cost.data[i]).toBeCloseTo(fit, 6)
      expect(found.regularizer.data[i]).toBeCloseTo(penalty, 6)
      expect(found.encoder.data[i]).toBeCloseTo(pull, 6)
      expect(found.all.data[i]).toBeCloseTo(fit + penalty + pull, 6)
    }
  })

  it('describes itself in plain JSON', () => {
    const config = latentVariableEnergy(whole).describe()
    expect(JSON.parse(JSON.stringify(config))).toEqual(config)
    expect(config.shapes).toEqual({ x: [2], y: [2, 2], z: [3] })
  })

  it('keeps the noise that is written beside a regularizer', () => {
    const noisy = (noise: number) => latentVariableEnergy({ ...whole, regularizer: { ...l1({ lambda: 0.3 }), noise } })
    const { regularizer } = noisy(0.2).describe()
    expect(regularizer).toEqual({ kind: 'l1', lambda: 0.3, noise: 0.2 })
    const back = restoreGraphRegularizer(regularizer!)
    expect(back).toMatchObject({ kind: 'l1', noise: 0.2 })
    expect(back.describe()).toEqual(regularizer)
    const limited = latentVariableEnergy({ ...whole, regularizer: limitedNoise({ radius: 1, deviation: 0.2 }) })
    expect(limited.describe().regularizer).toEqual({ kind: 'limited-noise', radius: 1, deviation: 0.2 })
    for (const noise of [-1, Number.NaN]) {
      expect(() => noisy(noise)).toThrow(/noise beside a regularizer must be a finite number, 0 or more/)
      expect(() => restoreGraphRegularizer({ kind: 'l1', lambda: 1, noise })).toThrow(ConfigurationError)
    }
  })

  it('calls parts of your own by their names', () => {
    const mine = (outputShape: number[]) => defineModule({ name: 'mine', outputShape, apply: (_, z) => z })
    expect(() => latentVariableEnergy({ ...whole, decoder: mine([3]) })).toThrow(/The decoder \("mine"\) gives 3/)
    const regularizer = defineRegularizer({ name: 'odd', value: (z) => sum(z, [1]) })
    const kinked = { ...regularizer, symbolic: { ...regularizer.symbolic, smooth: false } }
    expect(() => latentVariableEnergy({ ...whole, regularizer: kinked })).toThrow(/The regularizer "odd" is neither/)
  })

  const wrong: Record<string, [Partial<EnergyParts>, typeof ShapeError | typeof ConfigurationError, RegExp]> = {
    'a predictor without x': [{ shapes: { y: [2, 2], z: 3 } }, ConfigurationError, /predictor but no x/],
    'an empty shape': [{ shapes: { x: 2, y: [], z: 3 } }, ShapeError, /shape of y is empty/],
    'a size of 0': [{ shapes: { x: 2, y: [2, 2], z: 0 } }, ConfigurationError, /shape of z must be a whole number/],
    'a negative γ': [{ gamma: -1 }, ConfigurationError, /gamma.*0 or more; got -1/],
    'a decoder for other inputs': [
      { decoder: linear({ inputs: 4, outputs: [2, 2] }) },
      ShapeError,
      /4 numbers.*tanh .* \[n×2\] and "z" \[n×3\], 5 of them/,
    ],
    'a cost that is no number': [
      { cost: defineCost({ name: 'mine', value: (y, yHat) => square(add(y, yHat)) }) },
      ShapeError,
      /The cost "mine" returned the shape \[n×2×2\]; \[n\] is expected/,
    ],
    'a cost over the batch': [
      { cost: defineCost({ name: 'mine', value: (y, yHat) => mean(square(add(y, yHat))) }) },
      ShapeError,
      /first axis must stay the batch n/,
    ],
    'a prox of another shape': [
      { regularizer: defineRegularizer({ name: 'mine', value: (z) => sum(z, [1]), prox: (v) => sum(v, [1]) }) },
      ShapeError,
      /prox of the regularizer "mine" returned the shape \[n\]; \[n×3\]/,
    ],
    'a module that gives nothing': [
      // A caller without types may return anything.
      { decoder: defineModule({ name: 'nothing', outputShape: [2, 2], apply: () => undefined as never }) },
      ShapeError,
      /decoder "nothing" returned undefined/,
    ],
  }
  for (const [name, [parts, type, message]] of Object.entries(wrong)) {
    it(`is refused with ${name}`, () => {
      expect(() => latentVariableEnergy({ ...whole, ...parts })).toThrow(type)
      expect(() => latentVariableEnergy({ ...whole, ...parts })).toThrow(message)
    })
  }

  it('has an encoder where it is weighed', () => {
    const { encoder: _, ...rest } = whole
    expect(() => latentVariableEnergy(rest)).toThrow(/gamma and encoderCost weigh an encoder/)
    expect(() => latentVariableEnergy({ ...rest, gamma: 1, cost: squaredError() })).toThrow(ConfigurationError)
  })
})
