//! Files in the repository that are made from the types.

use std::path::{Path, PathBuf};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// `crds/kafkaprivatelinks.yaml` is what `kafka-privatelink crd` prints.
#[test]
fn the_crd_in_the_repository_is_that_of_the_types() {
    let crd = kpl_core::api::crd();
    let text = serde_saphyr::to_string(&crd).expect("a CRD is YAML");
    // Long strings are folded: a fold at the wrong place would change a rule.
    assert_eq!(serde_saphyr::from_str::<CustomResourceDefinition>(&text).ok(), Some(crd));
    assert_contents(&repository().join("crds/kafkaprivatelinks.yaml"), &text);
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
