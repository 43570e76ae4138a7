import {
  connect,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";

/** A way to a server of this machine that can be cut and mended. */
export class CuttableLine {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    const address: AddressInfo | string | null = server.address();
    this.port =
      typeof address === "object" && address !== null ? address.port : 0;
    server.on("connection", (from) => this.#join(from, target));
  }

  /** Listens on a free port and passes everything on to another. */
  static to(target: number): Promise<CuttableLine> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () =>
        resolve(new CuttableLine(server, target)),
      );
    });
  }

  /** Every connection breaks, and new ones are refused. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }

  #join(from: Socket, target: number): void {
    if (this.#cut) {
      from.destroy();
      return;
    }
    const to = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
