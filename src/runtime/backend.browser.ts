import { ConfigurationError } from '../tensor/errors.js'
import type { Backend, BackendRequest, Device, WasmPaths } from './backend.js'
import { webBackend } from './webBackend.js'

/**
 * onnxruntime-web, loaded now: the build without WebGPU for the CPU, the larger one for `webgpu`. Throws
 * {@link ConfigurationError} where the page lacks the device.
 */
export async function openBackend(request: BackendRequest): Promise<Backend> {
  const { device, backend } = request
  if (backend === 'node') {
    throw new ConfigurationError('onnxruntime-node runs in Node alone; leave backend out, or use "web", in a page.')
  }
  const lacking = device === 'cuda' ? 'pages have none' : device === 'webgpu' ? await whyNoWebGpu() : undefined
  if (lacking !== undefined) {
    const here: Device[] = device === 'cuda' && (await whyNoWebGpu()) === undefined ? ['cpu', 'webgpu'] : ['cpu']
    throw new ConfigurationError(
      `The device "${device}" is not available in this page: ${lacking}. Available: ${here.join(', ')}.`,
    )
  }
  const ort = device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm')
  return webBackend(ort, { ...request, wasmPaths: request.wasmPaths ?? bundledFiles(device) }, undefined)
}

/**
 * The files of onnxruntime-web where a bundler has put them, named so that it sees them. They must stay files of their own:
 * threads are started from the .mjs, and cannot start from a chunk in which it was merged with code for pages. In a page
 * with an import map there was no bundler, and the files lie beside the module.
 */
function bundledFiles(device: Device): WasmPaths | undefined {
  try {
    import.meta.resolve('onnxruntime-web/wasm')
    return undefined
  } catch {
    return device === 'webgpu'
      ? {
          mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
          wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
        }
      : {
          mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
          wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
        }
  }
}

/** The part of WebGPU that is asked for. */
interface Gpu {
  requestAdapter(): Promise<object | null>
}

async function whyNoWebGpu(): Promise<string | undefined> {
  const { gpu } = navigator as { gpu?: Gpu }
  if (!gpu) return 'this browser has no WebGPU, or the page is not served over HTTPS or from localhost'
  const adapter = await gpu.requestAdapter().catch(() => null)
  return adapter ? undefined : 'the browser found no graphics adapter for WebGPU'
}
