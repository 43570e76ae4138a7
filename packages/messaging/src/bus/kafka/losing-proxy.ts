import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { z } from "zod";

/** API keys of requests. https://kafka.apache.org/protocol.html#protocol_api_keys */
export const apiKeys = { joinGroup: 11, syncGroup: 14 } as const;

const address = z.object({ port: z.number() });

/** Stands between a client and a broker, and loses the one answer that a test has it lose. */
export class LosingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #losing: { apiKey: number; lost: () => void } | undefined;

  private constructor(target: string) {
    const [host, port] = target.split(":");
    this.#server = createServer((client) => {
      this.#pipe(client, connect(Number(port), host));
    });
  }

  /** @param target host and port of the broker */
  static async start(target: string): Promise<LosingProxy> {
    const proxy = new LosingProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** A connection to the broker through here, whichever one is asked for. */
  connect(): Socket {
    const { port } = address.parse(this.#server.address());
    return connect(port, "127.0.0.1");
  }

  /** The answer to the next request of this kind never arrives; resolves when it was lost. */
  loseNext(apiKey: number): Promise<void> {
    return new Promise((resolve) => {
      this.#losing = { apiKey, lost: resolve };
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #pipe(client: Socket, broker: Socket): void {
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    const doomed = new Map<number, () => void>();
    eachFrame(client, (frame) => {
      const losing = this.#losing;
      if (frame.readInt16BE(4) === losing?.apiKey) {
        this.#losing = undefined;
        doomed.set(frame.readInt32BE(8), losing.lost);
      }
      broker.write(frame);
    });
    eachFrame(broker, (frame) => {
      const lost = doomed.get(frame.readInt32BE(4));
      if (lost === undefined) client.write(frame);
      else lost();
    });
  }
}

/** Frames of Kafka's protocol: four bytes of length before each. */
function eachFrame(socket: Socket, take: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
