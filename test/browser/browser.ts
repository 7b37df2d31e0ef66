import { getuid } from 'node:process'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.js'

/** Starts the Chromium of this machine. Throws an error that says what to install where there is none. */
export function openBrowser(): Promise<Browser> {
  const flags = ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run']
  // Chromium's sandbox refuses to serve root, who runs the tests in containers; the pages are our own.
  const sandbox = getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : []
  return chromium.launch({ executablePath: findChromium(), args: [...flags, ...sandbox] })
}

/** What a page complained of, and what it asked for. */
export interface Watched {
  readonly page: Page
  readonly complaints: string[]
  readonly requests: string[]
}

/** A new page whose console errors, uncaught errors, failed requests and requests are noted. */
export async function watchedPage(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`))
  page.on('request', (request) => requests.push(request.url()))
  return { page, complaints, requests }
}
