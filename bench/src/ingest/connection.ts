import { connect, type Socket } from "node:net";

/** What a connection tells its load. */
export interface ConnectionObserver {
  answered(accepted: boolean, dueUs: number): void;
}

const HEAD_END = "\r\n\r\n";

/** One keep-alive connection with one request on it at a time; what is due meanwhile waits. */
export class Connection {
  readonly #socket: Socket;
  readonly #observer: ConnectionObserver;
  readonly #next: () => string;
  readonly #due: number[] = [];
  #answer = "";
  #dueUs = 0;
  #busy = false;
  #whenIdle: (() => void) | undefined;

  private constructor(
    socket: Socket,
    next: () => string,
    observer: ConnectionObserver,
  ) {
    this.#socket = socket;
    this.#next = next;
    this.#observer = observer;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (text: string) => this.#onData(text));
    socket.on("error", (error) => {
      throw error;
    });
  }

  static open(
    port: number,
    next: () => string,
    observer: ConnectionObserver,
  ): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new Connection(socket, next, observer));
    });
    return promise;
  }

  /** Sends a request that was due then, now or as soon as the one before is answered. */
  send(dueUs: number): void {
    if (this.#busy) {
      this.#due.push(dueUs);
      return;
    }
    this.#busy = true;
    this.#dueUs = dueUs;
    this.#socket.write(this.#next(), "latin1");
  }

  /** Resolves when everything that was due is answered. */
  async idle(): Promise<void> {
    if (this.#busy)
      await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #tellWhenIdle(): void {
    if (!this.#busy) this.#whenIdle?.();
  }

  #onData(text: string): void {
    this.#answer += text;
    const headEnd = this.#answer.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const length = Number(
      /content-length: (\d+)/i.exec(this.#answer)?.[1] ?? Number.NaN,
    );
    if (this.#answer.length < headEnd + HEAD_END.length + length) return;
    const accepted = this.#answer.startsWith("HTTP/1.1 202");
    this.#answer = "";
    this.#busy = false;
    this.#observer.answered(accepted, this.#dueUs);
    const due = this.#due.shift();
    if (due !== undefined) this.send(due);
    this.#tellWhenIdle();
  }
}
