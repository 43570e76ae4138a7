import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { z } from "zod";
import { requestContext } from "../context.js";
import type { Logger } from "../logger.js";
import { Problem } from "../problem.js";
import { BODY_LIMIT_SETTING, invalidJson } from "./bodies.js";

/** Answers with a problem, as `application/problem+json`. */
function sendProblem(res: Response, problem: Problem): void {
  res
    .status(problem.status)
    .set(problem.headers)
    .type("application/problem+json")
    .send(JSON.stringify(problem.toBody(requestContext()?.requestId)));
}

/** Nothing took the request. */
export const notFound: RequestHandler = () => {
  throw new Problem({
    status: 404,
    code: "not_found",
    title: "There is nothing here",
    detail: "No route takes this method on this path",
    retryable: false,
  });
};

/** The last stop of every request that failed. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const problem = toProblem(error, Number(req.app.get(BODY_LIMIT_SETTING)));
    if (problem.status >= 500) {
      logger.error({ err: error, code: problem.code }, "request failed");
    }
    if (res.headersSent) {
      // Too late to say so. Not `next(error)`: express would print the error.
      res.destroy();
      return;
    }
    try {
      sendProblem(res, problem);
    } catch (failure) {
      // A header that cannot be sent. Express prints what it is given: not the cause.
      logger.error({ err: failure, code: problem.code }, "answer failed");
      next(internalProblem(undefined));
    }
  };
}

/** What express and its body parsers throw (`http-errors`), as far as we read it. */
const httpErrorSchema = z.object({
  status: z.int().min(400).max(499),
  type: z.string().optional(),
  /** Of a body that is too large: how much would have been taken. */
  limit: z.number().optional(),
});

type HttpError = z.infer<typeof httpErrorSchema>;

/** The problem to answer for anything that was thrown. */
export function toProblem(error: unknown, bodyLimitBytes: number): Problem {
  if (error instanceof Problem) {
    return error;
  }
  const parsed = httpErrorSchema.safeParse(error);
  if (parsed.success) {
    return clientProblem(error, parsed.data, bodyLimitBytes);
  }
  return internalProblem(error);
}

function internalProblem(cause: unknown): Problem {
  return new Problem(
    {
      status: 500,
      code: "internal",
      title: "Something went wrong on our side",
      retryable: true,
    },
    { cause },
  );
}

function clientProblem(
  cause: unknown,
  { status, type, limit }: HttpError,
  bodyLimitBytes: number,
): Problem {
  if (type === "entity.parse.failed") {
    return invalidJson(cause);
  }
  const known = {
    413: {
      code: "body_too_large",
      title: "The body is too large",
      detail: `Send at most ${limit ?? bodyLimitBytes} bytes`,
    },
    415: {
      code: "unsupported_media_type",
      title: "The body's encoding or charset is not supported",
      detail: "Send the body in UTF-8, as it is, or with gzip, deflate or br",
    },
  }[status];
  return new Problem(
    {
      status,
      code: known?.code ?? "bad_request",
      title: known?.title ?? "The request cannot be understood",
      detail: known?.detail,
      retryable: false,
    },
    { cause },
  );
}
