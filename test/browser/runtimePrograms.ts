/** What runs in Node and in pages alike, so that both can be held to the same bits. */
import { linear, mean, square, sub, tanh } from '../../src/graph/index.js'
import { gradientTraining } from '../../src/learning/gradientTraining.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { convolutionalAutoEncoder } from '../../src/models/convolutionalAutoEncoder.js'
import { type RuntimeOptions, runtime } from '../../src/runtime/runtime.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'

function random(seed: number, ...shape: number[]): Tensor {
  const stream = rng(seed)
  const size = shape.reduce((product, side) => product * side, 1)
  return { shape, data: Float32Array.from({ length: size }, () => stream.uniform() - 0.5) }
}

/** Trains a small network, and tells by what, and to which numbers. */
export async function smallTraining(options: RuntimeOptions, steps = 100) {
  const here = await runtime(options)
  const training = await gradientTraining({
    parameters: { w1: random(1, 30, 8), b: random(2, 30), w2: random(3, 4, 30) },
    inputs: { x: ['n', 8], y: ['n', 4] },
    loss: ({ w1, b, w2 }, { x, y }) => mean(square(sub(linear(tanh(linear(x, w1, b)), w2), y))),
    optimizer: adam({ learningRate: 0.02 }),
    runtime: here,
  })
  const batch = { x: random(4, 64, 8), y: random(5, 64, 4) }
  const losses: number[] = []
  for (let step = 0; step < steps; step++) losses.push((await training.step(batch)).loss)
  const weights = Array.from(training.parameters().w1.data)
  training.dispose()
  const { name, device, threads, note, limitation } = here
  return { name, device, threads, note, limitation, losses, weights }
}

/** Learns a small convolutional auto-encoder, and codes an image by its encoder and exactly. */
export async function smallAutoEncoder(options: RuntimeOptions) {
  const model = await convolutionalAutoEncoder({
    ...{ kernels: 3, size: 5, lambda: 0.1, transform: [], batchSize: 4, trainingSteps: 20, inferenceSteps: 4 },
    ...{ runtime: options, threads: 1 },
  }).fit(random(6, 12, 14, 14))
  const image = random(7, 1, 30, 20)
  const [guess, refined] = [await model.encode(image), await model.encode(image, { refine: 1e-4 })]
  const kernels = Array.from(model.kernels.data)
  model.dispose()
  return { kernels, guess: guess.energy[0], refined: refined.energy[0], gap: refined.gap?.[0] ?? Number.NaN }
}

/** What is said where a runtime cannot be had. */
export async function refusal(options: RuntimeOptions): Promise<string> {
  return runtime(options).then(
    ({ name, device }) => `${name} runs on ${device}`,
    (error: Error) => `${error.name}: ${error.message}`,
  )
}
