// npm's own decision whether a host is asked through the proxy: node noproxy.js FOLDER-OF-NPM; a line is a list of [url, noproxy].
const lines = require('readline').createInterface({ input: process.stdin })
const { getProxy } = require(process.argv[2] + '/node_modules/@npmcli/agent/lib/proxy.js')
lines.on('line', (line) => {
  const direct = JSON.parse(line).map(([url, noProxy]) => getProxy(url, { proxy: 'http://proxy.corp.test:8080', noProxy }) === null)
  console.log(JSON.stringify(direct))
})
