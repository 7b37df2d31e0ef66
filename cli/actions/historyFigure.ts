import { energyOverTime } from '../../src/index.js'
import type { Portrait } from '../models/model.js'

/** What reports of learning have in common. */
interface Point {
  readonly seconds: number
}

/** The chart of a model's learning, one line for each number that was reported; none where nothing was. */
export async function historyFigure<P extends Point>(
  history: readonly P[],
  lines: Readonly<Record<string, (point: P) => number | undefined>>,
  caption: string,
): ReturnType<Portrait['figures']> {
  const traces = Object.entries(lines).flatMap(([name, value]) => {
    const points = history.flatMap((point) => {
      const energy = value(point)
      return energy === undefined ? [] : [{ at: point.seconds, energy }]
    })
    if (points.length === 0) return []
    return [{ name, at: points.map(({ at }) => at), energy: points.map(({ energy }) => energy) }]
  })
  if (traces.length === 0) return []
  return [{ svg: await energyOverTime(traces), caption, alt: 'Line chart over the seconds of learning.' }]
}
