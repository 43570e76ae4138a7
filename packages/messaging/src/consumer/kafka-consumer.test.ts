import { kafkaHarness } from "../bus/kafka/test-harness.js";
import { describeConsumer } from "./conformance.js";

describeConsumer("a consumer on Kafka", kafkaHarness);
