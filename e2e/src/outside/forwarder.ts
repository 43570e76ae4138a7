import { connect, createServer, type Socket } from "node:net";

/** A port of this machine's address that pods reach, and what listens behind it. */
export interface Forwarder {
  readonly port: number;
  close(): Promise<void>;
}

/** Lets pods reach a server that listens on 127.0.0.1 alone. */
export async function forward(
  host: string,
  targetPort: number,
): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(targetPort, "127.0.0.1");
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      // A connection that breaks on one side is over on the other.
      one.on("error", () => other.destroy());
      one.once("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("A listening server has no port.");
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
