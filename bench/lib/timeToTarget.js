/**
 * @typedef {{ steps: number, seconds: number, objective: number }} Point one run: its budget, its time, where it arrived
 * @typedef {{ reached: Point | undefined, points: Point[] }} Search the first point at the target, and all that were looked at
 */

/**
 * The smallest budget (to about three per cent) with which a run reaches the target: doubling, then bisection. Looking is
 * outside the run's clock.
 * @param {(steps: number) => Promise<Point>} run a run from the start
 * @param {{ target: number, first: number, cap: number }} options cap: seconds a single run may take
 * @returns {Promise<Search>}
 */
export async function smallestBudget(run, { target, first, cap }) {
  /** @type {Point[]} */
  const points = []
  /** @param {number} steps */
  const reaches = async (steps) => {
    const point = await run(steps)
    points.push(point)
    return point
  }
  let below = 0
  let reached = await reaches(first)
  while (reached.objective > target && reached.seconds < cap) {
    below = reached.steps
    reached = await reaches(below * 2)
  }
  while (reached.objective <= target && reached.steps - below > Math.max(1, 0.03 * reached.steps)) {
    const middle = await reaches(Math.floor((below + reached.steps) / 2))
    if (middle.objective <= target) reached = middle
    else below = middle.steps
  }
  points.sort((a, b) => a.steps - b.steps)
  return { reached: reached.objective <= target ? reached : undefined, points }
}

/**
 * For a run that can be looked into on the way: goes on by three per cent at a time until the target is reached.
 * @param {(steps: number) => Promise<Point>} advance towards a number of steps, its seconds counted from the start
 * @param {{ target: number, first: number, cap: number }} options
 * @returns {Promise<Search>}
 */
export async function walkToTarget(advance, { target, first, cap }) {
  /** @type {Point[]} */
  const points = []
  for (let steps = first; ; steps = Math.max(steps + 1, Math.round(steps * 1.03))) {
    const point = await advance(steps)
    points.push(point)
    if (point.objective <= target) return { reached: point, points }
    if (point.seconds >= cap) return { reached: undefined, points }
  }
}
