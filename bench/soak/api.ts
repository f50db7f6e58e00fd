import type { ApiObject } from '../../test/support/api-selectors.ts'
import { FakeApiServer } from '../../test/support/api-server.ts'
import { answerCalls } from '../../test/support/child-calls.ts'
import type { ApiRequest, ApiValue } from './api-protocol.ts'
import { markerObjects } from './marker.ts'

/** An API server of a process of its own, so that its memory is not the agent's. */
const starting = FakeApiServer.start()

answerCalls<ApiRequest, ApiValue>(async (request) => {
  const api = await starting
  // nobody reads what it remembers of requests
  api.requests = []
  switch (request.ask) {
    case 'url':
      return api.url
    case 'put':
      for (const object of request.objects) api.put(object as unknown as ApiObject)
      return null
    case 'tell':
      for (const { type, object } of request.events) {
        if (type === 'put') api.put(object as unknown as ApiObject)
        else api.remove(object as unknown as ApiObject)
      }
      for (const object of markerObjects(request.turn)) api.put(object as unknown as ApiObject)
      return null
    case 'mishap':
      switch (request.mishap) {
        case 'cut':
          api.cut()
          return null
        case 'end':
          api.endWatches()
          return null
        case 'compact':
          api.endWatches()
          api.compact()
          return null
        case 'refuse':
          await api.close()
          return null
        case 'open':
          await api.open()
          return null
        case 'bookmark':
          api.bookmark()
          return null
      }
  }
})
