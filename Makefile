# SPDX-License-Identifier: Apache-2.0
# One line each; the logic is in scripts/.

.PHONY: help setup demo check unit java test lint format docs wheels bench fuzz fuzz-policies soak test-nfs image image-test image-compare test-kafka test-kubernetes clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## make .venv with everything in it; what is there already stays
	@scripts/setup.sh

demo: setup ## run the secured pipeline on real servers and show the result
	@.venv/bin/flinksec demo

check: setup ## style, types and the quick unit tests, in seconds: before every commit
	@scripts/check.sh

unit: setup ## run all unit tests, spread over the cores
	@scripts/test.sh tests/unit

java: setup ## run the tests of our Java modules
	@scripts/test.sh java

test: setup ## run every test, lint too; some: make test TESTS="tests/tls -k rotate"
	@scripts/test.sh $(TESTS)

test-nfs: setup ## test sealed state on the kernel's own NFS, 4.2 and 3 (root, Debian)
	@scripts/nfs_test.sh

lint: setup ## check style and types of Python, Java and shell
	@scripts/lint.sh

format: setup ## format Python and Java
	@scripts/format.sh

docs: setup ## write the pages that are derived from the code
	@.venv/bin/python scripts/pages.py

wheels: setup ## build dist/flinksec_jobs and dist/flinksec_jobs_jre
	@scripts/wheels.sh

image: setup ## build the image of the flight job and print where its size goes
	@scripts/image.sh

image-test: setup ## build the images and test them in restricted containers
	@scripts/image_test.sh

image-compare: setup ## build a PyFlink image by Flink's recipe too, and compare the sizes
	@bench/image_compare.sh

test-kubernetes: setup ## run the job and its manifests on a real Kubernetes node (root, Linux, Go)
	@scripts/test_kubernetes.sh

test-kafka: setup ## put jobs on three Kafka brokers through their faults, an outage of two minutes too
	@scripts/test.sh tests/kafka -m 'minutes or not minutes'

bench: setup ## run one comparison: make bench BENCH=name
	@scripts/bench.sh "$(BENCH)"

fuzz: setup ## fuzz sealed files, Java against Python: make fuzz MINUTES=60 SEED=1
	@scripts/fuzz.sh --minutes "$(or $(MINUTES),5)" $(if $(SEED),--seed "$(SEED)")

fuzz-policies: setup ## judge random NetworkPolicies, we and another: make fuzz-policies MINUTES=60 SEED=1
	@scripts/fuzz_policies.sh --minutes "$(or $(MINUTES),5)" $(if $(SEED),--seed "$(SEED)")

soak: setup ## run functions in batches for an hour, and see that memory stays: make soak MINUTES=15
	@scripts/soak.sh --minutes "$(or $(MINUTES),60)"

clean: ## remove what was built, .venv included
	@scripts/clean.sh
