// Reads lines of JSON, each a list of files in base64, and answers each with a list of what npm's own `ini` makes of them:
// {key: [kind, text]} where kind is t (text, word or number), a (array) or o (object, in JSON); or {"!": [message]} where it throws.
//   node ini.js PATH/TO/npm/node_modules/ini
'use strict'
const ini = require(process.argv[2])
const text = v => v !== null && typeof v === 'object' ? JSON.stringify(v) : String(v)
const value = v => Array.isArray(v) ? ['a', Array.from(v, text)] : v !== null && typeof v === 'object' ? ['o', JSON.stringify(v)] : ['t', text(v)]
const read = file => {
  try {
    const found = ini.parse(Buffer.from(file, 'base64').toString('utf8'))
    return Object.keys(found).map(k => [k, value(found[k])])
  } catch (e) {
    return [['!', ['throws', String(e.message)]]]
  }
}
require('readline').createInterface({ input: process.stdin }).on('line', line => {
  process.stdout.write(JSON.stringify(JSON.parse(line).map(read)) + '\n')
})
