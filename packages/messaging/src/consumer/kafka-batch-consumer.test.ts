import { kafkaHarness } from "../bus/kafka/test-harness.js";
import { describeBatchConsumer } from "./batch-conformance.js";

describeBatchConsumer("a batched consumer on Kafka", kafkaHarness);
