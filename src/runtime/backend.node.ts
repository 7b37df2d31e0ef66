import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostMemory, hostThreads } from '#kernels/host'
import { ConfigurationError } from '../tensor/errors.js'
import { atOnce, type Backend, type BackendRequest, type Device, type Ort, reasonOf } from './backend.js'
import { probeGraph } from './probeGraph.js'
import { webBackend } from './webBackend.js'

/**
 * onnxruntime-node, or onnxruntime-web where the native binary is missing or does not load, which the note then says.
 * Nothing is loaded before. Throws {@link ConfigurationError} where the package or the device asked for is not there.
 */
export async function openBackend(request: BackendRequest): Promise<Backend> {
  const { device, backend } = request
  const native = backend === 'web' ? { reason: 'onnxruntime-web was asked for' } : await loadNative()
  if ('ort' in native) {
    await requireDevice(native.ort, device)
    return {
      name: 'onnxruntime-node',
      version: native.ort.env.versions.node ?? native.ort.env.versions.common,
      ort: native.ort,
      provider: device,
      threads: request.threads ?? Math.min(hostThreads().threads, USUAL_THREADS),
      fillsOutputs: true,
      takesShared: false,
      threadsPerSession: true,
      // What other devices have nobody says; they refuse what is too much by themselves.
      room: device === 'cpu' ? hostMemory : () => Number.POSITIVE_INFINITY,
      discard: discarding(),
      exclusive: atOnce,
    }
  }
  if (backend === 'node') {
    throw new ConfigurationError(
      `onnxruntime-node does not load here: ${native.reason}. Install it (npm install onnxruntime-node), or leave backend out to run on onnxruntime-web.`,
    )
  }
  if (device !== 'cpu') {
    throw new ConfigurationError(
      `The device "${device}" is not available: it needs onnxruntime-node, and ${native.reason}. Available: cpu.`,
    )
  }
  const note =
    backend === 'web'
      ? undefined
      : `onnxruntime-node does not load here (${native.reason}); graphs run on onnxruntime-web, which is slower.`
  return webBackend(await import('onnxruntime-web'), request, note)
}

/**
 * Frees memory by posting it to a port that is closed: it leaves this thread, and nobody receives it. The collector would free it too, but
 * in great rounds on threads that a run needs.
 */
function discarding(): (memory: readonly ArrayBuffer[]) => void {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return (memory) => port1.postMessage(null, [...memory])
}

async function loadNative(): Promise<{ ort: Ort } | { reason: string }> {
  try {
    const { default: ort } = await import('onnxruntime-node')
    // The library prints what it also throws, unless it is told before its first session.
    ort.env.logLevel = 'fatal'
    return { ort }
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

/** Threads where none are asked for, at most: the nodes of small graphs are not worth sharing among more. */
const USUAL_THREADS = 8

const needs: Readonly<Record<Exclude<Device, 'cpu'>, string>> = {
  cuda: 'an NVIDIA GPU with its driver, and the CUDA libraries that the install script of onnxruntime-node fetches',
  webgpu: 'a GPU with a driver for Vulkan, Metal or Direct3D 12',
}

/** Throws unless a session can be made on the device; the sentence lists the devices on which one can. */
async function requireDevice(ort: Ort, device: Device): Promise<void> {
  if (device === 'cpu') return
  const lacking = await whyNot(ort, device)
  if (lacking === undefined) return
  const here: Device[] = []
  for (const other of ['cpu', 'cuda', 'webgpu'] as const) {
    if (other !== device && (await whyNot(ort, other)) === undefined) here.push(other)
  }
  throw new ConfigurationError(
    `The device "${device}" is not available (${lacking}). It needs ${needs[device]}. Available: ${here.join(', ')}.`,
  )
}

/** What WebGPU loads on Linux. Without it the native library prints warnings of its own that no option silences. */
const VULKAN = 'libvulkan.so.1'

/** Whether the dynamic linker of Linux finds a library: by its cache, the environment, or in the usual folders. */
function hasLibrary(name: string): boolean {
  const folders = [
    ...(process.env.LD_LIBRARY_PATH ?? '').split(/[:;]/).filter((folder) => folder !== ''),
    ...['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib'],
  ]
  if (folders.some((folder) => existsSync(join(folder, name)))) return true
  try {
    return readFileSync('/etc/ld.so.cache').includes(`${name}\0`)
  } catch {
    return false // musl has no cache, and looks in the folders above
  }
}

async function whyNot(ort: Ort, device: Device): Promise<string | undefined> {
  if (device === 'cpu') return undefined
  if (device === 'webgpu' && process.platform === 'linux' && !hasLibrary(VULKAN)) return `${VULKAN} is not there`
  try {
    const session = await ort.InferenceSession.create(probeGraph(), {
      executionProviders: [device],
      logSeverityLevel: 4,
    })
    await session.release()
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}
