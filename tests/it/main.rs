//! The whole operator, as a process, on the test bed: a real API server and the AWS stand-in.
//!
//! `make test` starts a bed around them. By hand:
//! `python3 tests/bed/bed.py run --crd crds/kafkaprivatelinks.yaml -- cargo test --workspace --test it`
//!
//! Every test has an AWS account, a namespace and an operator of its own, so all run side by side. What takes
//! long is named `long_…`.

#[path = "../crd/cases.rs"]
mod cases;
mod harness;

mod answers;
mod changes;
mod command_line;
mod cost;
mod faults;
mod fields;
mod forms;
mod gaps;
mod history;
mod limits;
mod made_nodes;
mod made_vpc;
mod plug_in;
mod policy;
mod regions;
mod render;
mod replicas;
mod resilience;
mod rights;
mod schema;
mod signals;
mod story;
#[cfg(feature = "traces")]
mod traces;
