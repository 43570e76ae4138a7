import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { saneRequestId, type Clock, type Logger } from "@easymo/service-kit";
import { WebSocketServer } from "ws";
import { ConnectionReads } from "../../media/connection-reads.js";
import type { FrameArena } from "../../media/frame-writer.js";
import type { MediaLeg, MediaLegListener } from "../media-leg.js";
import type { CarrierCall } from "../../registry/call-identity.js";
import { TwilioMediaSocket } from "./media-socket.js";
import {
  hasBearer,
  isSignedUpgrade,
  type SignatureSettings,
} from "./signature.js";
import type { StreamStart } from "./stream-messages.js";

export interface MediaEndpointOptions {
  readonly signatures: SignatureSettings;
  readonly bearerToken: string | undefined;
  readonly arena: FrameArena;
  readonly clock: Clock;
  readonly logger: Logger;
  admit(
    call: CarrierCall,
    requestId: string,
    leg: MediaLeg,
  ): { listener: MediaLegListener } | { refusal: string };
}

/** Twilio's messages are a few hundred bytes; ws closes with 1009 above this. */
const MAX_MESSAGE_BYTES = 64 * 1024;
const START_TIMEOUT_MS = 10_000;

/** `WS /twilio-media`: the upgrade is let in or refused before anything is opened. */
export class MediaEndpoint {
  readonly #options: MediaEndpointOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  constructor(options: MediaEndpointOptions) {
    this.#options = options;
  }

  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const { signatures, bearerToken } = this.#options;
    const requestId = saneRequestId(request.headers["x-request-id"]);
    const path = (request.url ?? "").split("?", 1)[0]?.replace(/\/$/, "");
    if (path !== "/twilio-media") {
      refuse(connection, 404, "Not Found", "not_found", requestId);
      return;
    }
    if (
      !hasBearer(request, bearerToken) &&
      !isSignedUpgrade(signatures, request)
    ) {
      refuse(connection, 401, "Unauthorized", "unauthorized", requestId);
      return;
    }
    const { arena, clock, logger } = this.#options;
    const reads = new ConnectionReads(arena.reads);
    const own = reads.adopt(connection);
    this.#server.handleUpgrade(request, own, head, (socket) => {
      new TwilioMediaSocket({
        socket,
        connection: own,
        reads,
        arena,
        clock,
        logger: logger.child({ requestId }),
        requestId,
        startTimeoutMs: START_TIMEOUT_MS,
        admit: (...stream) => this.#admit(...stream),
      });
    });
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #admit(start: StreamStart, requestId: string, leg: MediaLeg) {
    const { callSid, customParameters: given } = start.start;
    return this.#options.admit(
      {
        callId: callSid,
        from: given.from ?? "",
        to: given.to ?? "",
        direction: given.direction === "outbound" ? "outbound" : "inbound",
        agentName: given.agent,
      },
      requestId,
      leg,
    );
  }
}

function refuse(
  connection: Duplex,
  status: number,
  title: string,
  code: string,
  requestId: string,
): void {
  const body = JSON.stringify({
    type: `urn:easymo:problem:${code}`,
    title,
    status,
    code,
    instance: requestId,
  });
  connection.on("error", () => connection.destroy());
  connection.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${requestId}\r\nconnection: close\r\n\r\n${body}`,
  );
}
