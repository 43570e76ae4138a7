import { describeBus } from "../conformance.js";
import { kafkaHarness } from "./test-harness.js";

describeBus("the bus on Kafka", kafkaHarness);
