import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

/** An otherwise idle process that hears of an answer of the kernel: what waits for a promise goes on before the timer. */
const script = `
const { loadLibc } = await import(${url('libc.ts')})
const { NetlinkSocket } = await import(${url('netlink/socket.ts')})
const socket = new NetlinkSocket(await loadLibc(), { protocol: 0 })
const first = (what) => { console.log(what); process.exit() }
setTimeout(first, 2_000, 'timer')
const read = (resolve) => {
  while (socket.receive('list links'));
  resolve()
}
new Promise((resolve) => socket.whenReadable(() => read(resolve))).then(() => first('promise'))
// RTM_GETLINK, a dump, with an empty struct ifinfomsg; later, so that nothing else is going on when the answer comes
setTimeout(() => {
  const request = Buffer.alloc(32)
  request.writeUInt32LE(32, 0)
  request.writeUInt16LE(18, 4)
  request.writeUInt16LE(0x301, 6)
  socket.send(request, 'list links')
}, 100)
`

test.runIf(process.platform === 'linux')(
  'promises settled when a descriptor is readable do not wait for something else',
  () => {
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(said.trim()).toBe('promise')
  },
)
