import { parseAllDocuments } from "yaml";
import { z } from "zod";

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
/** A Kubernetes object, as it is rendered. */
export type RenderedObject = z.infer<typeof object>;

/** The objects of a stream of YAML documents. */
export function objectsOf(rendered: string): RenderedObject[] {
  return parseAllDocuments(rendered)
    .map((document) => z.unknown().parse(document.toJS()))
    .filter((value) => value !== null)
    .map((value) => object.parse(value));
}
