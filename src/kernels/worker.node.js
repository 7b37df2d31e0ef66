import { workerData } from 'node:worker_threads'
import { runHelper } from './worker.js'

runHelper(workerData)
