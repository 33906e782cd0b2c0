//! The picture of an object.

mod objects;

use std::collections::BTreeSet;

use kpl_core::api::KafkaPrivateLink;
use kpl_core::desired::Intent;
use kpl_core::diagram::Diagram;
use objects::{guide, running};
use serde_json::{Value, json};

fn diagram(object: Value) -> Diagram {
    let object: KafkaPrivateLink = serde_json::from_value(object).expect("an object");
    let intent = Intent::parse(&object.spec).expect("a spec as users write it");
    Diagram::of(&object, &intent).expect("its brokers are listed")
}

/// Whether tags are closed in the order in which they were opened, and nothing else is between them.
fn is_well_formed(svg: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').ok_or("a tag does not end")?;
        let name = tag.split_whitespace().next().unwrap_or_default();
        if text.contains('"') && name != "style" {
            return Err(format!("a quote in {text:?}"));
        }
        for entity in text.split('&').skip(1) {
            if !["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)) {
                return Err(format!("&{entity}"));
            }
        }
        if let Some(closed) = name.strip_prefix('/') {
            if open.pop() != Some(closed) {
                return Err(format!("</{closed}> closes another"));
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}

#[test]
fn as_it_is_planned() {
    let diagram = diagram(guide());
    insta::assert_snapshot!("planned_mermaid", diagram.mermaid());
    assert_eq!(is_well_formed(&diagram.svg()), Ok(()));
    assert!(diagram.svg().contains("not made yet") && !diagram.svg().contains("healthy"), "nothing is there");
}

#[test]
fn as_it_runs() {
    let diagram = diagram(running());
    insta::assert_snapshot!("running_mermaid", diagram.mermaid());
    assert_eq!(is_well_formed(&diagram.svg()), Ok(()));
}

#[test]
fn every_port_is_in_the_picture_however_many_there_are() {
    let mut object = guide();
    object["spec"]["listeners"] = ["EXTERNAL", "SECOND"].iter().zip([9092, 9292]).map(|(name, first)| json!({
        "name": name, "brokerPort": 39092, "bootstrapPort": first, "portRange": { "first": first + 1, "last": first + 100 },
        "consumerCidrs": ["10.250.0.0/16"],
    })).collect();
    let brokers = (1..=24)
        .map(|id| json!({ "id": id, "zoneId": format!("usw2-az{}", id % 3 + 1), "instanceId": format!("i-{id}") }));
    object["spec"]["brokers"]["static"] = brokers.collect();
    let diagram = diagram(object);
    let (svg, mermaid) = (diagram.svg(), diagram.mermaid());
    assert_eq!(is_well_formed(&svg), Ok(()));
    for (name, first) in [("EXTERNAL", 9092), ("SECOND", 9292)] {
        for port in first..=first + 24 {
            assert!(
                svg.contains(&format!("{name} {port}")) && mermaid.contains(&format!("{name} {port}")),
                "{name} {port}"
            );
        }
    }
    // No line of text lies on another one.
    let text = |line: &str| {
        line.starts_with("<text").then(|| line.split('"').skip(3).step_by(2).take(2).collect::<Vec<_>>().join(" "))
    };
    let places: Vec<String> = svg.lines().filter_map(text).collect();
    let different: BTreeSet<&String> = places.iter().collect();
    assert_eq!(different.len(), places.len());
}

#[test]
fn a_broker_that_tells_clients_something_else_is_in_trouble() {
    let mut object = running();
    object["status"]["listeners"][0]["brokers"][0]["advertisedNow"] = json!("10.0.0.1:39092");
    let diagram = diagram(object);
    assert!(diagram.svg().contains("advertises 10.0.0.1:39092"));
    assert!(diagram.mermaid().contains("class broker1,broker2 trouble"), "{}", diagram.mermaid());
}

#[test]
fn no_way_leads_from_who_is_rejected() {
    let mut object = guide();
    object["spec"]["endpointService"]["consumers"] =
        json!([{ "accountId": "111111111111", "acceptance": "Rejected" }, { "accountId": "222222222222" }]);
    let diagram = diagram(object);
    let curves = diagram.svg().lines().filter(|line| line.starts_with("<path") && line.contains('C')).count();
    assert_eq!(curves, 1);
    let mermaid = diagram.mermaid();
    assert!(!mermaid.contains("consumer0 -->") && mermaid.contains("consumer1 --> service"), "{mermaid}");
    assert!(mermaid.contains("account 111111111111<br/>Rejected"), "it is shown all the same");
}

#[test]
fn nothing_that_a_name_holds_becomes_markup() {
    let mut object = running();
    object["status"]["connections"][0]["state"] = json!("<script>\"&`#");
    object["status"]["endpointService"]["serviceName"] = json!("</text>]\"");
    let diagram = diagram(object);
    assert_eq!(is_well_formed(&diagram.svg()), Ok(()));
    assert!(!diagram.svg().contains("<script") && !diagram.mermaid().contains("<script"));
    let labels = diagram.mermaid().lines().map(|line| line.matches('"').count()).max();
    assert_eq!(labels, Some(2), "a label ends where it shall");
}

#[test]
fn brokers_that_only_aws_knows_are_asked_for() {
    let mut object = guide();
    object["spec"]["brokers"] = json!({ "ec2": { "tags": { "k": "v" }, "idTagKey": "id" } });
    let object: KafkaPrivateLink = serde_json::from_value(object).expect("an object");
    let intent = Intent::parse(&object.spec).expect("a spec");
    let said = Diagram::of(&object, &intent).expect_err("nobody says which there are").to_string();
    assert!(said.contains("with its status"), "{said}");
}
