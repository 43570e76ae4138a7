/**
 * Where the service under test says it is, and where it really listens.
 *
 * Twilio knows only public addresses and signs those. Offline, the same paths
 * are served on a loopback port, so each address is resolved twice: what is
 * signed, and what is connected to.
 */
export class Addresses {
  readonly #public: URL;
  #actual: URL;

  constructor(publicUrl: string, actualUrl: string) {
    this.#public = new URL(publicUrl);
    this.#actual = new URL(actualUrl);
  }

  /** The service listens somewhere else from now on. */
  moveTo(actualUrl: string): void {
    this.#actual = new URL(actualUrl);
  }

  /** The public form of an address that is configured by where it listens. */
  toPublic(actual: string): string {
    const url = new URL(actual);
    if (url.host !== this.#actual.host) return actual;
    return this.#publicOrigin() + url.pathname + url.search;
  }

  /**
   * Where to connect for a public address; an address of another host is
   * itself.
   */
  toActual(address: string): string {
    const url = new URL(address);
    if (url.host !== this.#public.host) return address;
    const secure = this.#actual.protocol === "https:";
    const isSocket = url.protocol === "wss:" || url.protocol === "ws:";
    const scheme = (isSocket ? "ws" : "http") + (secure ? "s" : "");
    return `${scheme}://${this.#actual.host}${url.pathname}${url.search}`;
  }

  #publicOrigin(): string {
    return `${this.#public.protocol}//${this.#public.host}`;
  }
}
