// A TCP proxy that cuts everybody off at once, as a network does: no close frame, no goodbye.

import { once } from "node:events";
import { connect, createServer } from "node:net";

import { dialectAt, speaks } from "./contract.mjs";

// A proxy before a port of this machine. It ends with the test.
export async function proxyTo(context, port) {
  const open = new Set();
  let refusing = false;
  const proxy = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.setNoDelay(true);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  speaks(proxy.address().port, dialectAt(port));
  // Cuts every connection there is; those who come are turned away.
  const cut = () => {
    refusing = true;
    for (const socket of [...open]) socket.destroy();
  };
  context.after(() => {
    cut();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    cut,
    // Lets people in again.
    restore: () => { refusing = false; },
  };
}
