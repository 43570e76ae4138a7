/** One thing that is wrong with a routing document: where, and a sentence that says what. */
export interface RoutingProblem {
  /** For example `channels[1].address`; empty when it is the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** The document cannot be used. Trying again helps only once the document has changed. */
export class RoutingError extends Error {
  override readonly name = "RoutingError";
  readonly code: "routing_invalid" | "routing_unreadable";
  readonly problems: readonly RoutingProblem[];

  constructor(
    code: "routing_invalid" | "routing_unreadable",
    problems: readonly RoutingProblem[],
  ) {
    super(
      `the routing document cannot be used: ${problems
        .map(({ path, message }) =>
          path === "" ? message : `${path}: ${message}`,
        )
        .join("; ")}`,
    );
    this.code = code;
    this.problems = problems;
  }
}
