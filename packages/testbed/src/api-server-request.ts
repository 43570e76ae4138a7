import { request } from "node:https";

export interface JsonAnswer {
  readonly status: number;
  /** What came as JSON, else the text. */
  readonly body: unknown;
}

/** One HTTPS request to a server whose certificate only this caller trusts. */
export function requestJson(options: {
  method: string;
  url: string;
  certificateAuthority: Buffer;
  token: string;
  body: unknown;
  contentType: string;
}): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      options.url,
      {
        method: options.method,
        ca: options.certificateAuthority,
        agent: false,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: "application/json",
          ...(options.body === undefined
            ? {}
            : { "content-type": options.contentType }),
        },
        timeout: 60_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: parsed(text) });
        });
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("No answer in 60 s.")));
    sent.once("error", reject);
    sent.end(
      options.body === undefined ? undefined : JSON.stringify(options.body),
    );
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
