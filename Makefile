SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test verify format images bench e2e kafka-up kafka-down clean

pnpm := scripts/pnpm.sh

help: ## Show what there is to make
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Bring pnpm and Node 24, install the packages
	@scripts/setup.sh

demo: setup ## The whole platform in one process, with its console on 127.0.0.1:4800 (DEMO_PORT moves it)
	@scripts/demo.sh

test: setup ## Build, lint, type-check and run every suite, on a real Kafka, Redis, Postgres and Chromium
	@scripts/test.sh

verify: setup ## Make the generated files again and compare
	@$(pnpm) run verify

format: setup ## Put every file in the house's format
	@$(pnpm) run format

images: ## The services' container images, with docker or buildah (IMAGE_REGISTRY, IMAGE_TAG, SERVICES)
	@scripts/images.sh

bench: setup ## The benchmarks, each against its peers in the same run
	@$(pnpm) --filter @easymo/bench start

e2e: setup ## Install the whole on the cluster that KUBECONFIG names, and exercise it (e2e/README.md)
	@scripts/e2e.sh

chaos: setup ## 20,000 SIP events, then 5,000 intents, through kills of services, brokers, Redis and a wallet: every effect once
	@$(pnpm) --filter @easymo/sip-ingress chaos
	@$(pnpm) --filter @easymo/broker-orchestrator chaos

kafka-up: ## A real Kafka on 127.0.0.1:9092 and Redis on 127.0.0.1:6379, without Docker
	@infrastructure/kafka/kafka-up.sh

kafka-down: ## Stop what kafka-up started
	@infrastructure/kafka/kafka-down.sh

clean: ## Remove what was built (dist), not what was installed
	@rm -rf packages/*/dist services/*/dist demo/dist demo/console/dist bench/dist e2e/dist
