import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: {
      '#kernels/host': source('kernels/host.node.ts'),
      '#runtime/backend': source('runtime/backend.node.ts'),
      '#data/files': source('data/files.node.ts'),
      '#data/pixels': source('data/pixels.node.ts'),
      '#artifacts/store': source('artifacts/store.node.ts'),
      '#artifacts/process': source('artifacts/process.node.ts'),
      '#views/raster': source('views/svgToPng.node.ts'),
      energia: source('index.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
