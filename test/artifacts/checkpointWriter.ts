import { loadCheckpoint, saveCheckpoint } from '../../src/artifacts/checkpoint.js'
import { appendMetrics, cutMetrics, metricsBytes } from '../../src/artifacts/metrics.js'
import { storedTensor } from '../../src/artifacts/safetensors.js'
import { openStore } from '../../src/artifacts/store.node.js'
import { object, whole } from '../../src/artifacts/validate.js'

/*
 * A process that learns nothing but saves a checkpoint after every step, until it is killed; started again it goes on
 * from the last one. Every number of a checkpoint is its step.
 */
export const config = { lambda: 1 }
export const stateOf = object({ step: whole(), metricsBytes: whole() })

async function main(path: string): Promise<never> {
  const store = openStore(path)
  await store.sweep()
  const saved = await loadCheckpoint(store, config, stateOf)
  await cutMetrics(store, saved?.state.metricsBytes ?? 0)
  const first = (saved?.state.step ?? 0) + 1
  for (let step = first; ; step++) {
    await appendMetrics(store, { step })
    const state = { step, metricsBytes: await metricsBytes(store) }
    await saveCheckpoint(store, config, { state, tensors: { sums: storedTensor(new Float64Array(20_000).fill(step)) } })
    if (step === first) process.stdout.write('saved\n')
  }
}

if (process.argv[2] === '--write') await main(process.argv[3])
