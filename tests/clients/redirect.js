// For node --require: what a client sends to https://api.remove.bg goes to the server in REMOVE_BG_SERVER instead.
// The clients' own code stays as it was published.

const http = require('http');
const https = require('https');

const server = new URL(process.env.REMOVE_BG_SERVER);
const secureRequest = https.request;

https.request = function (options, ...rest) {
  if ((options.hostname || options.host) !== 'api.remove.bg') {
    return secureRequest.call(https, options, ...rest);
  }
  // An agent for https refuses to speak http, and a host header names the host of the address.
  const { agent, ...others } = options;
  const headers = Object.fromEntries(
    Object.entries(options.headers || {}).filter(([name]) => name.toLowerCase() !== 'host'),
  );
  return http.request(
    { ...others, headers, protocol: 'http:', host: server.hostname, hostname: server.hostname, port: server.port },
    ...rest,
  );
};
