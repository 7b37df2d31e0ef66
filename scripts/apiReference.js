// Makes the API reference, one page of HTML, from the declarations and doc comments that the compiler writes into dist/.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { exportsOf } from './declarations.js'

/** @typedef {import('./declarations.js').Exported} Exported */

/** Folders of the source in the order in which data flows, and what each is about. */
const folders = {
  models: 'Models',
  lecture: 'The lecture',
  restoration: 'Restoration',
  data: 'Data',
  preprocess: 'Preprocessing',
  energy: 'Energies',
  inference: 'Inference',
  learning: 'Learning',
  diagnostics: 'Numbers',
  views: 'Views',
  artifacts: 'Files',
  graph: 'Graphs',
  runtime: 'Runtime',
  tensor: 'Tensors, random numbers, errors',
  kernels: 'Kernels',
  '.': 'The package',
}

/** @param {string} text */
const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** @param {string} name */
const anchor = (name) => name.replaceAll('.', '-')

/**
 * A doc comment as HTML: paragraphs, lists, code, and links to names that the page has.
 * @param {string} doc @param {ReadonlySet<string>} known
 */
function prose(doc, known) {
  /** @param {string} text */
  const inline = (text) =>
    escaped(text)
      .replace(/\{@link (\w+)\}/g, (_, name) =>
        known.has(name) ? `<a href="#${name}">${name}</a>` : `<code>${name}</code>`,
      )
      .replace(/`([^`]+)`/g, (_, code) =>
        known.has(code) ? `<a href="#${code}"><code>${code}</code></a>` : `<code>${code}</code>`,
      )
  return doc
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `<p>${inline(line)}</p>`)
    .join('')
}

/** @param {Exported} entry @param {ReadonlySet<string>} known @param {string} source */
function section({ name, declarations }, known, source) {
  const docs = [...new Set(declarations.map(({ doc }) => doc))].map((doc) => prose(doc, known)).join('')
  const code = declarations.map(({ signature }) => signature).join('\n')
  return `<section aria-labelledby="${anchor(name)}"><h3 id="${anchor(name)}">${name} <small>${declarations[0].kind}</small></h3>${docs}<pre tabindex="0" role="region" aria-label="Declaration of ${name}"><code>${escaped(code)}</code></pre><p class="source">${source}</p></section>`
}

const style = `:root{color-scheme:light dark;--page:#fcfcfa;--ink:#1c2430;--muted:#5b6470;--line:#dcdfe4;--link:#1d5fb8;--code:#f2f3f5}
@media(prefers-color-scheme:dark){:root{--page:#14171c;--ink:#e4e8ee;--muted:#a9b2bf;--line:#343b46;--link:#86b7ff;--code:#20252d}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.6 system-ui,sans-serif}
.page{max-width:60rem;margin:0 auto;padding:2.5rem 1.2rem 4rem}h1,h2,h3{line-height:1.25}h2{margin-top:3rem;border-top:1px solid var(--line);padding-top:1.5rem}h3{margin:2rem 0 .4rem;overflow-wrap:anywhere}
h3 small{font-weight:400;font-size:.85rem;color:var(--muted)}p{max-width:44rem;margin:.4rem 0}a{color:var(--link)}.source{font-size:.85rem;color:var(--muted)}
pre{margin:.6rem 0 0;padding:.8rem 1rem;background:var(--code);border:1px solid var(--line);border-radius:.4rem;overflow-x:auto}code{font:.88rem/1.5 ui-monospace,Menlo,Consolas,monospace}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1rem}nav a{display:inline-block;padding:.15rem 0}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:1rem;top:-5rem}.skip:focus{top:.5rem;background:var(--page);padding:.5rem}section{scroll-margin-top:1rem}
@media print{nav,.skip{display:none}pre{white-space:pre-wrap}h3{break-after:avoid}}`

/**
 * The page. @param {readonly Exported[]} exported @param {string} from the folder that sources are named from @param {string} version
 */
export function apiPage(exported, from, version) {
  const known = new Set(exported.map(({ name }) => name))
  /** @param {string} file */
  const folderOf = (file) => dirname(relative(from, file)).split(/[\\/]/)[0]
  const groups = Object.entries(folders).map(([folder, heading]) => ({
    folder,
    heading,
    entries: exported
      .filter(({ file }) => folderOf(file) === folder)
      .sort((a, b) => a.name.localeCompare(b.name, 'en')),
  }))
  const stray = exported.find(({ file }) => !Object.hasOwn(folders, folderOf(file)))
  if (stray) throw new Error(`The folder of ${stray.file} has no heading in the API reference; add it.`)
  const filled = groups.filter(({ entries }) => entries.length > 0)
  const contents = filled.map(
    ({ folder, heading, entries }) =>
      `<h3><a href="#folder-${folder.replace('.', 'package')}">${heading}</a></h3><ul>${entries.map(({ name }) => `<li><a href="#${anchor(name)}">${name}</a></li>`).join('')}</ul>`,
  )
  const body = filled.map(({ folder, heading, entries }) => {
    const each = entries.map((entry) =>
      section(
        entry,
        known,
        `src/${relative(from, entry.file)
          .replaceAll('\\', '/')
          .replace(/\.d\.ts$/, '.ts')}`,
      ),
    )
    return `<h2 id="folder-${folder.replace('.', 'package')}">${heading}</h2>${each.join('\n')}`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Energia ${version}: API reference</title><style>${style}</style></head>
<body><a class="skip" href="#content">Skip to the content</a><div class="page"><header><h1>API reference</h1><p>Every public name of Energia ${version}, with the declarations and comments of its source.</p></header>
<nav aria-label="Contents"><h2>Contents</h2>${contents.join('')}</nav><main id="content" tabindex="-1">${body.join('\n')}</main></div></body></html>
`
}

/** Writes the reference of a built package. @param {string} root @param {string} version */
export async function writeApiReference(root, version) {
  const from = join(root, 'dist', 'src')
  const exported = exportsOf(join(from, 'index.d.ts'), { '#views/raster': join(from, 'views', 'svgToPng.node.d.ts') })
  await mkdir(join(root, 'dist', 'docs'), { recursive: true })
  await writeFile(join(root, 'dist', 'docs', 'api.html'), apiPage(exported, from, version))
}
