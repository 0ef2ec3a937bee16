import cf from 'cloudfront';

// Picks the origin of a request to /socket.io/: the WebSocket API for the transport `websocket`, else the HTTP API, where the
// behaviour leads anyway. The header Upgrade would say the same, but CloudFront shows it to no function. A GET that asks for
// this transport and is no handshake is therefore refused by the WebSocket API, not by Engine.IO.
// The WebSocket API's origin adds the stage to the path. The HTTP API gets the path without its last slash, which is a route of
// its own; a route that ends in a slash cannot be. The query goes on as it came.
function handler(event) {
  const request = event.request;
  const transport = request.querystring.transport;
  const websocket = transport && transport.value === 'websocket' && !transport.multiValue;
  const here = request.uri === '/socket.io/' || request.uri === '/socket.io';
  if (websocket && here && request.method === 'GET') {
    cf.selectRequestOriginById('websocket');
    request.uri = '/';
  } else if (here) {
    request.uri = '/socket.io';
  }
  return request;
}
