/** A body that is longer than anyone may send. */
class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

/** Statuses that never have a body, and with which a Response may not be made of one. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** A fetch whose answers are read whole, up to `maxBytes`; a longer one is given up and rejects. */
export function boundedFetch(
  maxBytes: number,
  inner: typeof fetch = fetch,
): typeof fetch {
  return async (input, init) => {
    const response = await inner(input, init);
    const { status, statusText, headers, body } = response;
    if (body === null || BODILESS.has(status)) return response;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const stream: AsyncIterable<Uint8Array> = body;
    // Leaving the loop early gives the connection up.
    for await (const chunk of stream) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes)
        throw new BodyTooLargeError(
          `The answer has more than ${maxBytes} bytes.`,
        );
      chunks.push(chunk);
    }
    return new Response(Buffer.concat(chunks), { status, statusText, headers });
  };
}
