# What these need, they install or build, into $(CACHE) and never into the tree.
CACHE := $(or $(KPL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kafka-privatelink)
export CARGO_TARGET_DIR ?= $(CACHE)/target
# One feature set for everything: another one compiles aws-sdk-ec2 (10 minutes, 8 GB) again.
CARGO_ALL := --workspace --all-targets --locked
BED := python3 tests/bed/bed.py
CRD := crds/kafkaprivatelinks.yaml
DEBUG := $(CARGO_TARGET_DIR)/debug/kafka-privatelink
RELEASE := $(CARGO_TARGET_DIR)/release/kafka-privatelink

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## the operator, unoptimised (first time: the AWS SDK takes 10 minutes and 8 GB)
	@test -d "$(CARGO_TARGET_DIR)/debug" || echo "compiling the AWS SDK: about 10 minutes once, kept in $(CARGO_TARGET_DIR)"
	cargo build $(CARGO_ALL)

.PHONY: bed-build
bed-build: ## the test bed's programs (first time: kube-apiserver takes 10 minutes)
	$(BED) build

.PHONY: judges
judges: ## what judges our work: kstatus, kube-score, kubeconform, cargo-deny (first time: 9 minutes)
	$(BED) build --only judges

.PHONY: demo
demo: build bed-build ## the main job, told as a story; KEEP=1 leaves everything up to play with
	KEEP=$(KEEP) python3 demo/demo.py --operator $(DEBUG)

.PHONY: demo-new
demo-new: build bed-build ## the story of a cluster that is made from an empty account; needs Java 17 and Maven
	KEEP=$(KEEP) python3 demo/demo.py --from-nothing --operator $(DEBUG)

.PHONY: bed
bed: ## a test bed with the guide's world, until Ctrl-C
	$(BED) up --crd $(CRD)

.PHONY: test
test: bed-build judges ## every test that CI runs
	python3 tests/run.py

.PHONY: fuzz
fuzz: ## hostile bytes, for a minute, to what reads Kafka's answers
	cargo test --locked --lib -- --nocapture kafka::tests::hostile

.PHONY: test-long
test-long: bed-build judges ## the same with 100,000 histories and the tests that take long
	python3 tests/run.py --long

.PHONY: check
check: bed-build judges ## format, lint, generated files, charts, licences
	cargo fmt --all --check
	cargo clippy $(CARGO_ALL) -- --deny warnings
	cargo clippy --package kafka-privatelink-operator --features traces --locked -- --deny warnings
	cargo test --workspace --locked --test generated
	python3 deploy/generate.py --check
	python3 tests/run.py --lint
	python3 -m compileall -q tests demo bench deploy

.PHONY: generate
generate: bed-build ## what is made of the Rust types, of the AWS calls and of the chart
	UPDATE_GENERATED=1 cargo test --workspace --locked --test generated
	python3 deploy/generate.py

.PHONY: docs
docs: ## the documents as pages that a browser opens from the file system
	$(BED) build --only aws
	python3 docs/.site/build.py $(CACHE)/site

.PHONY: image
image: ## the container image of a release build, for this machine's architecture, without a container engine
	python3 deploy/release.py
	python3 deploy/image/build.py --binary $(RELEASE) --out $(CACHE)/image --most-mib 25

.PHONY: bench
bench: bed-build ## what the operator costs, beside its targets, on a release build (8 minutes; first time 20 more)
	python3 deploy/release.py --workspace
	python3 deploy/release.py --workspace --examples
	python3 bench/bench.py --operator $(RELEASE)
