import {
  createServiceHttp,
  jsonBody,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import express from "express";
import type { MetaAccount } from "./account.js";
import { GraphRefusal } from "./graph-errors.js";
import type { MediaStore } from "./media.js";
import type { WhatsAppNetwork } from "./network.js";
import { readOutgoing } from "./outgoing.js";

export interface GraphApiOptions {
  readonly kit: ServiceKit;
  readonly account: MetaAccount;
  readonly network: WhatsAppNetwork;
  readonly media: MediaStore;
  /** The phone number ids of the account. */
  readonly businesses: ReadonlySet<string>;
}

/** A local stand-in of WhatsApp's part of the Graph API. */
export function createGraphApi(options: GraphApiOptions): ServiceApp {
  const http = createServiceHttp({
    kit: options.kit,
    bodies: "per-route",
    dependencies: {},
    configure(app) {
      app.use("/v25.0", routes(options));
    },
  });
  const nothing = () => Promise.resolve();
  return { http, start: nothing, drain: nothing, close: nothing };
}

function routes({
  account,
  network,
  media,
  businesses,
}: GraphApiOptions): express.Router {
  const router = express.Router();
  router.use((request, _response, next) => {
    if (request.get("authorization") !== `Bearer ${account.accessToken}`)
      throw new GraphRefusal(401, 190, "Invalid OAuth access token", "");
    next();
  });
  router.post("/:business/messages", jsonBody(), (request, response) => {
    const business = String(request.params.business);
    if (!businesses.has(business)) throw unknownObject(business);
    const outgoing = readOutgoing(request.body);
    if (outgoing.ask === "read") {
      network.readByBusiness(outgoing, request.body);
      response.json({ success: true });
      return;
    }
    const { waId, messageId } = network.take(business, outgoing, request.body);
    response.json({
      messaging_product: "whatsapp",
      contacts: [{ input: outgoing.to, wa_id: waId }],
      messages: [{ id: messageId, message_status: "accepted" }],
    });
  });
  router.get("/download/:id", (request, response) => {
    const { id } = request.params;
    const file = media.find(id);
    if (file === undefined) throw unknownObject(id);
    response.type(file.mimeType).send(file.bytes);
  });
  router.get("/:id", (request, response) => {
    const { id } = request.params;
    const file = media.find(id);
    if (file === undefined) throw unknownObject(id);
    response.json({
      messaging_product: "whatsapp",
      id,
      url: `http://${request.get("host") ?? ""}/v25.0/download/${id}`,
      mime_type: file.mimeType,
      sha256: file.sha256,
      file_size: file.bytes.length,
    });
  });
  router.use(refused);
  return router;
}

const refused: express.ErrorRequestHandler = (
  error: unknown,
  _request,
  response,
  next,
) => {
  if (error instanceof GraphRefusal)
    response.status(error.status).json(error.toBody());
  else next(error);
};

function unknownObject(id: string): GraphRefusal {
  return new GraphRefusal(
    400,
    100,
    `Unsupported request. Object with ID '${id}' does not exist`,
    "",
  );
}
