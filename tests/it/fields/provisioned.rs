//! `spec.brokers.provisioned`.

use serde_json::json;

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Names, Scene, made_network, provisioned};

const ONE_SOURCE: &str = "exactly one source of brokers: ec2, static or provisioned";
const REPLACED: &str = "it gets to a node when its instance is replaced";
const ROLES: &str = "roles of a node cannot be changed";

macro_rules! at {
    ($rest:literal) => {
        concat!("spec.brokers.provisioned", $rest)
    };
}

pub fn cases() -> Vec<Case> {
    let nodes = vec![
        remove(at!("")).drop("/brokers/provisioned").refused(ONE_SOURCE),
        remove(at!(".nodes")).drop("/brokers/provisioned/nodes").refused("nodes: Required value"),
        remove(at!(".nodes[]")).drop("/brokers/provisioned/nodes/1").refused("a node cannot be removed"),
        change(at!(".nodes[].id")).set("/brokers/provisioned/nodes/1/id", 5).refused("a node cannot be removed"),
        remove(at!(".nodes[].id")).drop("/brokers/provisioned/nodes/1/id").refused("id: Required value"),
        change(at!(".nodes[].zoneId"))
            .set("/brokers/provisioned/nodes/1/zoneId", "usw2-az1")
            .refused("zoneId of a node cannot be changed"),
        remove(at!(".nodes[].zoneId")).drop("/brokers/provisioned/nodes/1/zoneId").refused("zoneId: Required value"),
        change(at!(".nodes[].roles[]")).set("/brokers/provisioned/nodes/1/roles/-", "Controller").refused(ROLES),
        remove(at!(".nodes[].roles[]")).drop("/brokers/provisioned/nodes/0/roles/0").refused(ROLES),
        remove(at!(".nodes[].roles")).drop("/brokers/provisioned/nodes/0/roles").refused(ROLES),
    ];
    // Last: a node stays.
    let more = vec![
        change(at!(".nodes[]"))
            .set("/brokers/provisioned/nodes/-", json!({ "id": 3, "zoneId": "usw2-az1" }))
            .aws("machines > 3 > type", "t3.large")
            .aws("machines > 3 > zone", "usw2-az1"),
    ];
    [nodes, machine(), kafka(), more].concat()
}

fn machine() -> Vec<Case> {
    vec![
        change(at!(".instanceType")).set("/brokers/provisioned/instanceType", "t3.xlarge").stays("machines", REPLACED),
        remove(at!(".instanceType")).drop("/brokers/provisioned/instanceType").refused("instanceType: Required value"),
        change(at!(".image.id"))
            .set("/brokers/provisioned/image", json!({ "id": "ami-0123456789abcdef0" }))
            .stays("machines", REPLACED),
        remove(at!(".image.id")).set("/brokers/provisioned/image", json!({})).refused("id: Required value"),
        remove(at!(".image")).drop("/brokers/provisioned/image").stays("machines", "the first choice is kept"),
        change(at!(".keyName")).set("/brokers/provisioned/keyName", "ops").stays("machines", REPLACED),
        remove(at!(".keyName")).drop("/brokers/provisioned/keyName").stays("machines", REPLACED),
        change(at!(".instanceProfileArn"))
            .set("/brokers/provisioned/instanceProfileArn", "arn:aws:iam::111122223333:instance-profile/kafka")
            .stays("machines", REPLACED),
        remove(at!(".instanceProfileArn")).drop("/brokers/provisioned/instanceProfileArn").stays("machines", REPLACED),
        remove(at!(".storage")).drop("/brokers/provisioned/storage").refused("storage: Required value"),
        change(at!(".storage.sizeGiB"))
            .set("/brokers/provisioned/storage/sizeGiB", 101)
            .refused("sizeGiB cannot be changed"),
        remove(at!(".storage.sizeGiB")).drop("/brokers/provisioned/storage/sizeGiB").refused("sizeGiB: Required value"),
        change(at!(".storage.type"))
            .set("/brokers/provisioned/storage/type", "gp2")
            .refused("type of the volumes cannot be changed"),
        remove(at!(".storage.type")).drop("/brokers/provisioned/storage/type").stays("machines", "gp3 is the default"),
        change(at!(".storage.deletionPolicy"))
            .set("/brokers/provisioned/storage/deletionPolicy", "Retain")
            .stays("machines", "it counts when the object is deleted"),
        remove(at!(".storage.deletionPolicy"))
            .drop("/brokers/provisioned/storage/deletionPolicy")
            .stays("machines", "it counts when the object is deleted"),
    ]
}

fn kafka() -> Vec<Case> {
    vec![
        remove(at!(".kafka")).drop("/brokers/provisioned/kafka").refused("kafka: Required value"),
        change(at!(".kafka.version"))
            .set("/brokers/provisioned/kafka/version", "4.3.2")
            .refused("another version is another archive"),
        remove(at!(".kafka.version")).drop("/brokers/provisioned/kafka/version").refused("version: Required value"),
        remove(at!(".kafka.distribution"))
            .drop("/brokers/provisioned/kafka/distribution")
            .refused("distribution: Required value"),
        change(at!(".kafka.distribution.url"))
            .set("/brokers/provisioned/kafka/distribution/url", "s3://other/kafka.tgz")
            .stays("machines", REPLACED),
        remove(at!(".kafka.distribution.url"))
            .drop("/brokers/provisioned/kafka/distribution/url")
            .refused("url: Required value"),
        change(at!(".kafka.distribution.sha512"))
            .set("/brokers/provisioned/kafka/distribution/sha512", "b".repeat(128))
            .stays("machines", REPLACED),
        remove(at!(".kafka.distribution.sha512"))
            .drop("/brokers/provisioned/kafka/distribution/sha512")
            .refused("sha512: Required value"),
        change(at!(".kafka.heap")).set("/brokers/provisioned/kafka/heap", "2G").stays("machines", REPLACED),
        remove(at!(".kafka.heap")).drop("/brokers/provisioned/kafka/heap").refused("heap: Required value"),
        change(at!(".kafka.properties.*"))
            .set("/brokers/provisioned/kafka/properties/num.partitions", "6")
            .stays("machines", REPLACED),
        remove(at!(".kafka.properties.*"))
            .drop("/brokers/provisioned/kafka/properties/num.partitions")
            .stays("machines", REPLACED),
        remove(at!(".kafka.properties")).drop("/brokers/provisioned/kafka/properties").stays("machines", REPLACED),
    ]
}

pub async fn stage() -> Stage {
    let scene = Scene::with_brokers(0).await;
    let mut spec = scene.plain_spec();
    spec["network"] = made_network();
    spec["brokers"] = provisioned();
    Stage { scene, spec, names: Names::new() }
}
