export {
  startApiServer,
  type ApiServer,
  type ApiServerOptions,
} from "./api-server.js";
export type { JsonAnswer } from "./api-server-request.js";
export { chromiumPath } from "./chromium.js";
export { startKafkaCluster, type KafkaCluster } from "./kafka-cluster.js";
export type { KafkaUser, SecuredListeners } from "./kafka-security.js";
export { startRedis, type OwnRedis } from "./own-redis.js";
export { postgresUrl } from "./postgres.js";
export { startProcess, type RunningProcess } from "./process.js";
export { randomName } from "./random-name.js";
export {
  startRedisCluster,
  startRedisSentinel,
  type RedisTopology,
} from "./redis-topologies.js";
export { ServiceProcess } from "./service-process.js";
export { kafkaBrokers, redisUrl } from "./shared.js";
export { freePorts, until } from "./wait.js";
