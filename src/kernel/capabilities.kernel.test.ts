import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { capabilities } from './capabilities.ts'

const run = promisify(execFile)

/** Takes NET_ADMIN out of the effective set, as a file with `cap_net_admin=p` starts, raises it, and tells what threads have. */
const program = `
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
const koffi = createRequire(process.argv[1])('koffi')
const self = koffi.load(null)
const header = new Uint8Array(new Uint32Array([0x20080522, 0]).buffer)
const data = new Uint8Array(24)
self.func('int capget(void *, void *)')(header, data)
data[1] &= ~(1 << 4)
if (self.func('int capset(void *, void *)')(header, data) !== 0) throw new Error('capset')
const before = readFileSync('/proc/thread-self/status', 'utf8')
const { raiseCapabilities } = await import(process.argv[1])
raiseCapabilities()
raiseCapabilities()
await Promise.all(Array.from({ length: 8 }, () => readFile('/proc/self/stat')))
const threads = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/status', 'utf8'))
console.log(JSON.stringify({ before, main: threads[0], pool: threads.filter((status) => /^Name:\\tlibuv-worker$/m.test(status)) }))
`

const netAdmin = (status: string): boolean => (capabilities(status).effective & (1n << 12n)) !== 0n

it('a capability that is only permitted becomes effective, in the threads of the pool too', async () => {
  const module = new URL('./capabilities.ts', import.meta.url).pathname
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program, module])
  const { before, main, pool } = JSON.parse(stdout) as { before: string; main: string; pool: string[] }
  expect([netAdmin(before), netAdmin(main)]).toEqual([false, true])
  expect(pool.length).toBeGreaterThan(0)
  expect(pool.every(netAdmin)).toBe(true)
})
