/** Files that define energies on the plane, by name. */
export const energies = {
  'curve.json': JSON.stringify({
    shapes: { y: 2, z: 1 },
    decoder: { kind: 'mlp', inputs: 1, hidden: [8], outputs: 2, activation: 'tanh' },
    cost: 'squared-error',
    regularizer: { kind: 'l2', lambda: 0.05 },
    encoder: { kind: 'linear', inputs: 2, outputs: 1 },
    optimizer: { kind: 'adam', learningRate: { kind: 'cosine', rate: 0.01, steps: 100 } },
  }),
  'circle.mjs': `export default ({ defineModule, graph, squaredError, l2 }) => ({
    shapes: { y: 2, z: 1 },
    decoder: defineModule({
      name: 'circle',
      outputShape: [2],
      init: () => ({ radius: { shape: [1], data: Float32Array.of(0.5) } }),
      apply: ({ radius }, z) => graph.mul(radius, graph.concat([graph.cos(z), graph.sin(z)], 1)),
    }),
    cost: squaredError(),
    regularizer: l2({ lambda: 0.01 }),
  })`,
  'rank.mjs': `export default ({ defineModule, graph, squaredError }) => ({
    shapes: { y: 2, z: 2 },
    decoder: defineModule({ name: 'flat', outputShape: [2], apply: (_, z) => graph.sum(z, [1]) }),
    cost: squaredError(),
  })`,
  'batch.mjs': `export default ({ defineModule, graph, squaredError }) => ({
    shapes: { y: 2, z: 2 },
    decoder: defineModule({ name: 'mean', outputShape: [2], apply: (_, z) => graph.mean(z, [0]) }),
    cost: squaredError(),
  })`,
  'mixed.mjs': `export default ({ defineModule, graph, squaredError }) => ({
    shapes: { y: 2, z: 2 },
    decoder: defineModule({
      name: 'mixed',
      outputShape: [2],
      apply: (_, z) => graph.sub(z, graph.mean(z, [0], true)),
    }),
    cost: squaredError(),
  })`,
  'unbounded.mjs': `export default ({ defineCost, graph, linear, l2 }) => ({
    shapes: { y: 2, z: 1 },
    decoder: linear({ inputs: 1, outputs: 2 }),
    cost: defineCost({ name: 'downhill', value: (y, p) => graph.neg(graph.sumPerObservation(graph.square(graph.sub(y, p)))) }),
    regularizer: l2({ lambda: 0.01 }),
  })`,
  'nonFinite.mjs': `export default ({ defineCost, graph, linear, l2 }) => ({
    shapes: { y: 2, z: 1 },
    decoder: linear({ inputs: 1, outputs: 2 }),
    cost: defineCost({ name: 'hole', value: (y, p) => graph.sumPerObservation(graph.log(graph.sub(p, 1000))) }),
    regularizer: l2({ lambda: 0.01 }),
  })`,
  'thrown.mjs': `export default ({ linear }) => ({ shapes: { y: 2, z: 1 }, decoder: linear.nothing.here })`,
  'broken.mjs': 'export default {',
  'bare.mjs': 'export const shapes = { y: 2 }',
  'import.mjs': "import { mlp } from 'no-such-package'\nexport default { shapes: mlp }",
  'misspelt.json':
    '{"shapes":{"y":2,"z":1},"decoder":{"kind":"mlp","inputs":1,"hiden":[3],"outputs":2},"cost":"huber"}',
  'option.json': '{"shapes":{"y":2,"z":1},"decoder":{"kind":"linear","inputs":1,"outputs":2},"cost":"huber","seed":1}',
  'activation.json':
    '{"shapes":{"y":2,"z":1},"decoder":{"kind":"linear","inputs":1,"outputs":2,"activaton":"tanh"},"cost":"huber"}',
  'unfitting.json': '{"shapes":{"y":2,"z":1},"decoder":{"kind":"linear","inputs":1,"outputs":3},"cost":"huber"}',
  'kind.json': '{"shapes":{"y":2,"z":1},"decoder":{"kind":"transformer"},"cost":"huber"}',
  'text.json': '{"shapes"',
} as const
