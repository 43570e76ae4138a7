import { createSocket, type Socket } from "node:dgram";
import { randomName, until } from "@easymo/testbed";

/** A message, with the address that it came from. */
export interface Heard {
  readonly text: string;
  readonly fromPort: number;
}

/** A UDP socket that says exactly what it is told to, as a stranger might. */
export class RawPhone {
  readonly heard: Heard[] = [];
  /** What it does at once when it hears something. */
  onHeard: (heard: Heard) => void = () => undefined;
  readonly #socket: Socket;
  readonly address: string;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.address = `${address}:${port}`;
    socket.on("message", (message, { port: fromPort }) => {
      const heard = { text: message.toString(), fromPort };
      this.heard.push(heard);
      this.onHeard(heard);
    });
  }

  static async open(host = "127.0.0.1", port = 0): Promise<RawPhone> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, host, resolve);
    });
    return new RawPhone(socket);
  }

  close(): void {
    this.#socket.close();
  }

  say(lines: readonly string[], port: number): void {
    const text = [...lines, "Content-Length: 0", "", ""].join("\r\n");
    this.#socket.send(text, port, "127.0.0.1");
  }

  /** The request that begins so, once it is there. */
  hears(begin: string): Promise<Heard> {
    return until(() => this.heard.find(({ text }) => text.startsWith(begin)), {
      what: `${begin} at ${this.address}`,
      timeoutMs: 120_000,
    });
  }

  /** Sends a request and resolves with its first answer that is no 100. It is sent again until there is one, as UDP wants. */
  async ask(
    method: string,
    port: number,
    headers: {
      uri: string;
      from: string;
      to: string;
      callId: string;
      cseq: number;
      more?: readonly string[];
    },
  ): Promise<string> {
    const branch = `z9hG4bK-${randomName()}`;
    const { uri, from, to, callId, cseq, more = [] } = headers;
    const answered = (): string | undefined =>
      this.heard.find(
        ({ text }) =>
          /^SIP\/2\.0 [2-6]/.test(text) && text.includes(`branch=${branch}`),
      )?.text;
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.address};branch=${branch}`,
      ...[`From: ${from}`, `To: ${to}`, `Call-ID: ${callId}`],
      ...[`CSeq: ${cseq} ${method}`, "Max-Forwards: 70"],
      ...[`Contact: <sip:${this.address}>`, ...more],
    ];
    this.say(lines, port);
    const again = setInterval(() => this.say(lines, port), 500);
    try {
      return await until(answered, {
        ...{ everyMs: 5, timeoutMs: 120_000, what: `an answer to ${method}` },
      });
    } finally {
      clearInterval(again);
    }
  }

  /** Answers a request as its headers say. */
  answer(request: Heard, status: string, toTag = ""): void {
    const copied =
      request.text.match(/^(?:Via|From|To|Call-ID|CSeq|Record-Route):.*$/gim) ??
      [];
    const tagged = copied.map((line) =>
      /^To:/i.test(line) && !line.includes(";tag=") && toTag !== ""
        ? `${line.trim()};tag=${toTag}`
        : line.trim(),
    );
    this.say(
      [`SIP/2.0 ${status}`, ...tagged, `Contact: <sip:${this.address}>`],
      request.fromPort,
    );
  }
}
