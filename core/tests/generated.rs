//! Files in the repository that are made from the types, and what is drawn with them.

mod objects;

use std::path::{Path, PathBuf};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kpl_core::api::KafkaPrivateLink;
use kpl_core::desired::Intent;
use kpl_core::diagram::Diagram;

/// `crds/kafkaprivatelinks.yaml` is what `kafka-privatelink crd` prints.
#[test]
fn the_crd_in_the_repository_is_that_of_the_types() {
    let crd = kpl_core::api::crd();
    let text = serde_saphyr::to_string(&crd).expect("a CRD is YAML");
    // Long strings are folded: a fold at the wrong place would change a rule.
    assert_eq!(serde_saphyr::from_str::<CustomResourceDefinition>(&text).ok(), Some(crd));
    assert_contents(&repository().join("crds/kafkaprivatelinks.yaml"), &text);
}

/// `docs/diagram.svg` is what `kafka-privatelink diagram` draws of the guide's cluster.
#[test]
fn the_picture_in_the_documentation_is_drawn_by_this_version() {
    let object: KafkaPrivateLink = serde_json::from_value(objects::running()).expect("an object");
    let intent = Intent::parse(&object.spec).expect("a spec as users write it");
    let diagram = Diagram::of(&object, &intent).expect("its brokers are listed");
    assert_contents(&repository().join("docs/diagram.svg"), &diagram.svg());
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn assert_contents(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(path, expected).expect("the file can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().display();
    assert!(found == expected, "{name} is not what the types say: run `make generate`");
}
