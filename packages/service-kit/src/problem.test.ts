import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { Problem, validated } from "./problem.js";

function thrownBy(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) {
      return error;
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a problem", () => {
  test("has the members of RFC 9457, a code, and what it was given besides", () => {
    const problem = new Problem({
      status: 409,
      code: "opted_out",
      title: "This person asked not to be called",
      detail: "Remove the number from the campaign",
      extra: { channel: "voice", status: 200 },
      retryable: false,
    });
    expect(problem.toBody("r-1")).toEqual({
      type: "urn:easymo:problem:opted_out",
      title: "This person asked not to be called",
      status: 409,
      code: "opted_out",
      detail: "Remove the number from the campaign",
      instance: "r-1",
      retryable: false,
      channel: "voice",
    });
    expect(problem.message).toBe("Remove the number from the campaign");
  });
});

describe("what came off the wire", () => {
  const schema = z.strictObject({
    to: z.string(),
    items: z.array(z.object({ price: z.int() })).default([]),
  });

  test("is given back parsed when it is right", () => {
    expect(validated(schema, { to: "x" }, "body")).toEqual({
      to: "x",
      items: [],
    });
  });

  test("is refused naming each field that is wrong", () => {
    const problem = thrownBy(() =>
      validated(
        schema,
        { items: [{ price: 1.5 }], toString: 1, more: 2 },
        "body",
      ),
    );
    expect(problem).toMatchObject({ status: 400, code: "invalid_request" });
    expect(problem.extra.errors).toEqual([
      { field: "to", message: expect.any(String) },
      { field: "items.0.price", message: expect.any(String) },
      { field: "toString", message: "is not known here" },
      { field: "more", message: "is not known here" },
    ]);
    expect(problem.detail).toBe(
      "The body is wrong in: to, items.0.price, toString, more",
    );
  });

  test("may be wrong as a whole", () => {
    const problem = thrownBy(() => validated(schema, undefined, "query"));
    expect(problem.detail).toBe("The query is wrong in: (whole)");
  });
});
