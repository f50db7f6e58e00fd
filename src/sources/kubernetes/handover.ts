import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { ObjectId } from '../objects.ts'
import type { ApiClient } from './client.ts'
import { listOfOne, type NamedObject } from './list-of-one.ts'

export interface HandoverOptions {
  readonly client: ApiClient
  readonly clock: Clock
  readonly log: Log
  /** ms that a Service which now belongs to another proxy is still served */
  readonly keepMs: number
  /** takes the record away */
  readonly remove: (id: ObjectId) => void
}

/**
 * A Service whose `service-proxy-name` is taken away leaves our watch at once, while kube-proxy serves it only after its next sync (a
 * second, and as long as that takes: 16 s for 10,000 Services with nftables). It would be nobody's meanwhile, so it stays ours a while; its
 * endpoints are followed all the time. The watch says the same of a deleted Service: the API server is asked, and a deleted one goes.
 */
export class Handover implements Disposable {
  readonly #options: HandoverOptions
  readonly #leaving = new Map<ObjectId, () => void>()

  constructor(options: HandoverOptions) {
    this.#options = options
  }

  /** A Service that the watch has lost: it is removed now or later. Never throws. */
  leave(id: ObjectId): void {
    if (this.#leaving.has(id)) return
    const { clock, keepMs } = this.#options
    const asking = new AbortController()
    const cancel = clock.after(keepMs, () => this.#remove(id))
    this.#leaving.set(id, () => {
      cancel()
      asking.abort(new Error('it is settled'))
    })
    void this.#ask(id, asking.signal)
  }

  /** It is ours again, or anew. */
  stay(id: ObjectId): void {
    this.#leaving.get(id)?.()
    this.#leaving.delete(id)
  }

  [Symbol.dispose](): void {
    for (const settle of this.#leaving.values()) settle()
    this.#leaving.clear()
  }

  async #ask(id: ObjectId, signal: AbortSignal): Promise<void> {
    const { client, log, keepMs } = this.#options
    try {
      const found = await listOfOne(client, serviceOf(id), signal)
      if (signal.aborted) return
      if (found === null) this.#remove(id)
      else log.info({ service: id, ms: keepMs }, 'another proxy serves it from now on; it is still served here a while')
    } catch (error) {
      if (signal.aborted) return
      log.info(
        { service: id, ms: keepMs, err: error },
        'it is not known whether it was deleted; it is still served here a while',
      )
    }
  }

  #remove(id: ObjectId): void {
    this.stay(id)
    this.#options.remove(id)
  }
}

/** `Service shop/web` */
const serviceOf = (id: ObjectId): NamedObject => {
  const [namespace = '', name = ''] = id.slice(id.indexOf(' ') + 1).split('/')
  return { kind: 'Service', namespace, name }
}
