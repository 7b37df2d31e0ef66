import { mirror } from './alongLines.js'

/**
 * A Gaussian window of standard deviation `sigma` pixels that reaches `reach` of them each way: its centre and one half,
 * [0 … radius]. The whole sums to 1.
 */
export function gaussianWindow(sigma: number, reach: number): Float64Array {
  const radius = Math.ceil(reach * sigma)
  const half = Float64Array.from({ length: radius + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * sigma ** 2)))
  const sum = half.reduce((total, weight, distance) => total + (distance === 0 ? weight : 2 * weight), 0)
  return half.map((weight) => weight / sum)
}

/** Blurs a plane [height, width] in place, along rows and then along columns. Borders see mirror images. */
export function blur(plane: Float64Array, height: number, width: number, window: Float64Array): void {
  const passes = [
    { lines: height, lineStep: width, length: width, step: 1 },
    { lines: width, lineStep: 1, length: height, step: width },
  ]
  const radius = window.length - 1
  for (const { lines, lineStep, length, step } of passes) {
    const padded = new Float64Array(length + 2 * radius)
    for (let line = 0; line < lines; line++) {
      const start = line * lineStep
      for (let i = 0; i < padded.length; i++) padded[i] = plane[start + mirror(i - radius, length) * step]
      for (let i = 0; i < length; i++) {
        let sum = window[0] * padded[i + radius]
        for (let d = 1; d <= radius; d++) sum += window[d] * (padded[i + radius - d] + padded[i + radius + d])
        plane[start + i * step] = sum
      }
    }
  }
}
