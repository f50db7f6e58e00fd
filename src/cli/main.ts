import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { raiseCapabilities } from '../kernel/capabilities.ts'

raiseCapabilities()

// Compiled code is kept in node_modules/.cache; where that cannot be written, Node goes on without.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)))

// Imported only now, so that the cache serves them.
const { main } = await import('./program.ts')
await main(process.argv.slice(2))
