/**
 * What Twilio's debugger would show: its error code and a sentence.
 * (twilio.com/docs/api/errors)
 */
export class CarrierProblem extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "CarrierProblem";
    this.code = code;
  }
}

/** The codes that the simulator gives. */
export const problemCodes = {
  /** A webhook answered with something other than 2xx. */
  httpRetrievalFailure: 11200,
  /** A webhook could not be reached, or did not answer in time. */
  httpConnectionFailure: 11205,
  /** TwiML that is not XML. */
  documentParseFailure: 12100,
  /** XML that is not TwiML. */
  schemaFailure: 12200,
  /** TwiML served as something other than XML. */
  invalidContentType: 12300,
  /** The media socket could not be reached. */
  streamConnectionTimeout: 31901,
  /** The media socket's upgrade was answered with something other than 101. */
  streamHandshakeError: 31920,
  /** A message to the carrier that is not of the Media Streams protocol. */
  streamInvalidMessage: 31951,
} as const;
