import { convAutoencoder } from './convAutoencoder.js'
import { convSparseCoding } from './convSparseCoding.js'
import { latentVariable } from './latentVariable.js'
import { lista } from './lista.js'
import type { ModelCommand } from './model.js'
import { psd } from './psd.js'
import { sparseCoding } from './sparseCoding.js'
import { vae } from './vae.js'

/** The models that the command line knows, in the order of the help. */
export const models: ModelCommand[] = [sparseCoding, convSparseCoding, convAutoencoder, lista, psd, vae, latentVariable]
