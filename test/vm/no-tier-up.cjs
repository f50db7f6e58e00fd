// Loaded into every process of Node in the emulated machine, see guest.sh.
const { setFlagsFromString } = require('node:v8')

for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag)
