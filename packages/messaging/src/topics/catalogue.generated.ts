// Made by scripts/generate-catalogue.mjs from infrastructure/kafka/topics.yaml: change it there.

/** Every topic, as topics.yaml declares it. */
export const topicCatalogue = [
  {
    "name": "voice.contact.events",
    "partitions": 3,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 1209600000,
      "max.message.bytes": 1048588
    },
    "key": "callId",
    "eventTypes": [
      "call.start",
      "call.connected",
      "call.dtmf",
      "call.opt_out",
      "call.payment_prompt",
      "call.transfer",
      "call.stop",
      "intent.captured"
    ],
    "description": "What happens on a call, as business events: one call, one key, in order."
  },
  {
    "name": "voice.media.events",
    "partitions": 6,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 259200000,
      "max.message.bytes": 1048588
    },
    "key": "callId",
    "eventTypes": [
      "media.sample",
      "media.transcript",
      "media.turn"
    ],
    "description": "What is said and heard on a call: samples, transcripts, turns."
  },
  {
    "name": "voice.sip.events",
    "partitions": 3,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 604800000,
      "max.message.bytes": 1048588
    },
    "key": "callId",
    "eventTypes": [
      "sip.ringing",
      "sip.connected",
      "sip.audio",
      "sip.dtmf",
      "sip.ended"
    ],
    "description": "SIP signalling as the ingress took it."
  },
  {
    "name": "whatsapp.inbound",
    "partitions": 6,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 1209600000,
      "max.message.bytes": 1048588
    },
    "key": "tenantId:userId",
    "eventTypes": [
      "message.received",
      "message.status",
      "message.opt_out",
      "message.opt_in",
      "intent.captured"
    ],
    "description": "Messages, statuses and consent from WhatsApp."
  },
  {
    "name": "whatsapp.outbound",
    "partitions": 3,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 604800000,
      "max.message.bytes": 1048588
    },
    "key": "tenantId:userId",
    "eventTypes": [
      "message.send"
    ],
    "description": "Messages to be sent by WhatsApp."
  },
  {
    "name": "broker.outbound",
    "partitions": 3,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 1209600000,
      "max.message.bytes": 1048588
    },
    "key": "tenantId:contact",
    "eventTypes": [
      "lead.updated",
      "ranking.forwarded",
      "payment.requested",
      "opt_out.registered",
      "conversation.updated"
    ],
    "description": "What the orchestrator decided, for whoever follows it."
  },
  {
    "name": "broker.retry",
    "partitions": 3,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 604800000,
      "max.message.bytes": 1048588
    },
    "key": "original",
    "eventTypes": [
      "*"
    ],
    "description": "Records to be handled again later, with x-origin-topic, x-attempt, x-not-before and x-error headers."
  },
  {
    "name": "broker.dlq",
    "partitions": 3,
    "replicas": 3,
    "config": {
      "min.insync.replicas": 2,
      "cleanup.policy": "delete",
      "retention.ms": 2592000000,
      "max.message.bytes": 1048588
    },
    "key": "original",
    "eventTypes": [
      "*"
    ],
    "description": "Records given up on: after the last attempt, or not readable at all."
  }
] as const;

export type TopicName = (typeof topicCatalogue)[number]["name"];

/** The topics' names, by what they are for. */
export const topicNames = {
  voiceContactEvents: "voice.contact.events",
  voiceMediaEvents: "voice.media.events",
  voiceSipEvents: "voice.sip.events",
  whatsappInbound: "whatsapp.inbound",
  whatsappOutbound: "whatsapp.outbound",
  brokerOutbound: "broker.outbound",
  brokerRetry: "broker.retry",
  brokerDlq: "broker.dlq",
} as const;
