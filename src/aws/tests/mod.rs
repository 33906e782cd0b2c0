//! The adapter against recorded answers: what AWS's XML becomes, and what becomes of a write when AWS
//! refuses it, is cut off or talks nonsense.

mod looks;
mod outcomes;
mod reads;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};
use kpl_core::model::{Base, BrokerSource, OWNER_TAG, Owner, Query, Region, Scope, Urgency, VpcId};

use super::{AwsClients, AwsCloud, Terms};
use server::Server;

const TAG_OWNER: &str = "c1/default/orders";

fn owner() -> Owner {
    Owner { cluster_id: "c1".into(), namespace: "default".into(), name: "orders".into() }
}

fn scope() -> Scope {
    Scope {
        owner: owner(),
        vpc: Some(VpcId::from("vpc-1")),
        owns: BTreeSet::new(),
        subnets: BTreeMap::new(),
        brokers: BrokerSource::Nothing,
        machine: None,
        broker_groups: BTreeSet::new(),
        expected_groups: BTreeSet::new(),
        bootstrap_groups: BTreeSet::new(),
        load_balancer: None,
        service: None,
    }
}

fn query(base: Base) -> Query {
    Query { scope: scope(), base, parts: BTreeSet::new() }
}

/// A cloud whose every call goes to the server.
fn cloud(server: &Server) -> AwsCloud {
    let who = Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests");
    of(server, Some(SharedCredentialsProvider::new(who)))
}

fn of(server: &Server, credentials: Option<SharedCredentialsProvider>) -> AwsCloud {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(server.url())
        .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1)));
    config.set_credentials_provider(credentials);
    AwsClients::new(&config.build(), Terms::alone()).for_region(&Region::from("us-west-2"), Urgency::Create)
}

/// A tag set with our owner tag, as EC2 writes it.
fn ec2_owner_tag() -> String {
    format!("<tagSet><item><key>{OWNER_TAG}</key><value>{TAG_OWNER}</value></item></tagSet>")
}

/// An EC2 answer.
fn ec2(action: &str, inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>req-1</requestId>{inside}</{action}Response>"#
    )
}

/// An ELB answer.
fn elb(action: &str, inside: &str) -> String {
    format!(
        r#"<{action}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><{action}Result>{inside}</{action}Result>
<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></{action}Response>"#
    )
}
