import { z } from "zod";

/** A rule that the API server checks, and the sentence that a person reads when it refuses. */
export interface CelRule {
  /** In the Common Expression Language; `self` is the value, `oldSelf` what it was before a change. */
  readonly rule: string;
  readonly message: string;
  /** The field that the sentence is about, when it is not the value as a whole: `.currency`. */
  readonly fieldPath?: string;
}

/** A schema with rules that the API server checks besides: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules */
export function withRules<T extends z.ZodType>(
  schema: T,
  ...rules: readonly CelRule[]
): T {
  return schema.meta({ "x-kubernetes-validations": rules });
}

/** A string of a form, with the sentence that says which. The length is bounded for the cost of the rule. */
export function text(options: {
  readonly maxCharacters: number;
  readonly pattern: string;
  readonly message: string;
}) {
  return withRules(z.string().max(options.maxCharacters), {
    rule: `self.matches(${JSON.stringify(options.pattern)})`,
    message: options.message,
  });
}

/** A list that one owner writes as a whole, for server-side apply. */
export function list<T extends z.ZodType>(items: T, maxItems: number) {
  return z.array(items).max(maxItems).meta({
    "x-kubernetes-list-type": "atomic",
  });
}
