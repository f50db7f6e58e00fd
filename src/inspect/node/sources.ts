import { request } from 'node:http'
import { CommandError, exec } from '../../kernel/exec.ts'
import { type Features, probeFeatures } from '../../kernel/features.ts'
import { openKernel } from '../../kernel/index.ts'
import { silent } from '../../util/log.ts'
import type { HttpAnswer } from './sight.ts'

/** a server of this node answers at once, or it is not worth waiting for */
const PATIENCE = 300
const BODY = 4096

/** GET of a server on this node. null: nobody answers within 300 ms. */
export const get = (url: string): Promise<HttpAnswer | null> =>
  new Promise((resolve) => {
    const asked = request(url, { agent: false, signal: AbortSignal.timeout(PATIENCE) }, (response) => {
      const { statusCode: status = 0, headers } = response
      let body = ''
      const finish = (): void => resolve({ status, server: String(headers['server'] ?? ''), body: body.slice(0, BODY) })
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text
        if (body.length >= BODY) response.destroy()
      })
      response.on('close', finish)
    })
    asked.on('error', () => resolve(null)).end()
  })

/** null: there is no nft. */
export const nftVersion = async (): Promise<string | null> => {
  try {
    return await exec('nft', ['--version'], { timeoutMs: 2_000 })
  } catch (error) {
    if (error instanceof CommandError && error.message.includes('ENOENT')) return null
    throw error
  }
}

/** What this kernel can do: tried in transactions that leave nothing behind. */
export const probe = async (): Promise<Features> => {
  await using nftables = await (await openKernel()).nftables(silent)
  return await probeFeatures(nftables)
}
