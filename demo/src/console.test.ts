import { afterAll, beforeAll, describe } from "@jest/globals";
import { conversationStories } from "./console-tests/conversations.js";
import { pageStories } from "./console-tests/page.js";
import { sipStories } from "./console-tests/sip.js";
import { telephoneStories } from "./console-tests/telephone.js";
import { whatsAppStories } from "./console-tests/whatsapp.js";
import { World } from "./testing/world.js";

const world = new World();

beforeAll(() => world.start());
afterAll(() => world.stop());

describe("on the telephone, someone", () => telephoneStories(world));
describe("on WhatsApp, someone", () => whatsAppStories(world));
describe("a SIP proxy's events", () => sipStories(world));
describe("someone, however they come,", () => conversationStories(world));
describe("the page", () => pageStories(world));
