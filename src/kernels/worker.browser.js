import { runHelper } from './worker.js'

globalThis.onmessage = (event) => runHelper(event.data)
