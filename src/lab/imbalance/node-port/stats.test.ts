import { expect, test } from 'vitest'
import { parseStats } from './stats.ts'

test('servers alone, with their state and what they were given', () => {
  expect(
    parseStats(`# pxname,svname,scur,stot,status,last_chk,
rr-1,FRONTEND,0,40,OPEN,,
rr-1,node-0,0,20,UP,"HTTP status check returned code <200>, fine",
rr-1,node-1,1,20,no check,,
rr-1,node-2,0,0,DOWN 1/2,,
rr-1,BACKEND,1,40,UP,,

`),
  ).toEqual([
    { listener: 'rr-1', server: 'node-0', up: true, connections: 20 },
    { listener: 'rr-1', server: 'node-1', up: true, connections: 20 },
    { listener: 'rr-1', server: 'node-2', up: false, connections: 0 },
  ])
})
