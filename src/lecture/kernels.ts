import type { Images } from '../data/observations.js'
import type { Picture } from '../data/picture.js'
import { psnr } from '../diagnostics/psnr.js'
import {
  type ConvolutionalSparseCodingOptions,
  convolutionalSparseCoding,
} from '../models/convolutionalSparseCoding.js'
import type { ConvolutionalSparseCodingModel } from '../models/convolutionalSparseCodingModel.js'
import type { EncodedObservation } from '../models/encodedObservation.js'
import { ConvergenceError } from '../tensor/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { beforeAfter } from '../views/beforeAfter.js'
import { codesBesideKernels } from '../views/codesBesideKernels.js'
import type { ReportNumber } from '../views/report.js'
import { type LectureRun, learned, mean, modelOptions, type SectionContext } from './section.js'

/** Kernels, and what they make of whole images. */
export interface KernelStudy {
  readonly model: ConvolutionalSparseCodingModel
  /** Share of coefficients that are active, in all codes together. */
  readonly activeShare: number
  readonly numbers: readonly ReportNumber[]
  /** Feature maps of the first image beside the kernels. */
  readonly codes: Picture
  /** The first image, and the sum of its kernels. */
  readonly restored: Picture
}

/** Learns kernels from random crops of images, and codes the middle of each of some images, `side` pixels wide. */
export async function studyKernels(
  context: SectionContext,
  images: Images,
  options: ConvolutionalSparseCodingOptions & {
    readonly epochs: number
    readonly side: number
    readonly coded: number
  },
): Promise<KernelStudy> {
  const { epochs, side, coded, ...definition } = options
  const fit = (run: LectureRun) =>
    convolutionalSparseCoding({ ...definition, ...modelOptions(context) }).fit(images, {
      epochs,
      ...run,
      onProgress: ({ fraction, energy, activeShare }) => {
        context.say(`learning, energy ${energy.toFixed(2)}, ${(100 * activeShare).toFixed(1)} % active`, 0.8 * fraction)
      },
    })
  const model = await learned(context, 'conv-sparse-coding', fit)
  const middles = middlesOf(images, side, coded)
  const found: { readonly image: Tensor; readonly decoded: Tensor; readonly code: EncodedObservation }[] = []
  for await (const code of model.encodeEach(middles, context.signal ? { signal: context.signal } : {})) {
    const { inference, shape, context: taken, index } = code
    const decoded = await model.decode(inference.codes, { shape, context: taken })
    found.push({ image: await middles.image(index), decoded, code })
    context.say(`coding whole images, ${found.length} of ${middles.count}`, 0.8 + (0.15 * found.length) / middles.count)
  }
  const [first] = found
  if (first === undefined) throw new ConvergenceError(`No image of ${images.name} was coded.`)
  const quality = found.map(({ image, decoded }) => psnr(decoded, image))
  const active = found.reduce((sum, { code }) => sum + code.inference.codes.indices.length, 0)
  const coefficients = found.reduce((sum, { code }) => sum + code.inference.codes.shape[1], 0)
  const pixels = found.reduce((sum, { image }) => sum + image.shape[0] * image.shape[1], 0)
  const gaps = found.map(({ code: { inference } }) => (inference.gap?.[0] ?? 0) / Math.max(inference.energy[0], 1e-30))
  return {
    model,
    activeShare: active / coefficients,
    codes: codesBesideKernels(first.code.inference.codes, first.code.codeShape, model.kernels, { usage: model.usage }),
    restored: beforeAfter([
      { image: first.image, label: 'image' },
      { image: first.decoded, label: 'sum of kernels', detail: `${quality[0].toFixed(2)} dB` },
    ]),
    numbers: [
      { label: 'Active share of the code', value: (100 * active) / coefficients, unit: '%' },
      { label: 'Active coefficients a pixel', value: active / pixels },
      { label: 'PSNR of the sum of kernels', value: mean(quality), unit: 'dB' },
      { label: 'Worst certified relative gap', value: Math.max(...gaps), note: 'duality gap over energy' },
      {
        label: 'Kernels in use',
        value: `${model.usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)} of ${model.settings.kernels}`,
      },
      { label: 'Learning', value: model.history.at(-1)?.seconds ?? 0, unit: 's' },
    ],
  }
}

/** The middle of each of some images, the last one first, at most `side` pixels wide and high. */
export function middlesOf(images: Images, side: number, count: number): Images {
  return {
    ...images,
    name: `the middle of ${images.name}`,
    count: Math.min(images.count, count),
    label: (index) => images.label(images.count - 1 - index),
    async image(index) {
      const { shape, data } = await images.image(images.count - 1 - index)
      const [height, width, channels = 1] = shape
      const [rows, columns] = [Math.min(side, height), Math.min(side, width)]
      const [top, left] = [(height - rows) >> 1, (width - columns) >> 1]
      const out = new Float32Array(rows * columns * channels)
      for (let y = 0; y < rows; y++) {
        const from = ((top + y) * width + left) * channels
        out.set(data.subarray(from, from + columns * channels), y * columns * channels)
      }
      return { shape: [rows, columns, ...shape.slice(2)], data: out }
    },
  }
}
