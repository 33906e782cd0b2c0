//! `--policy`: who may offer what.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Consumer, Scene, ZONES, is};

/// A file of rules for the operators of a scene.
struct Rules(PathBuf);

impl Rules {
    fn of(scene: &Scene, rules: &Value) -> Self {
        let file = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.policy.yaml", scene.namespace)));
        file.become_text(&json!({ "rules": rules }).to_string());
        file
    }

    /// In one moment, as a mounted `ConfigMap` changes.
    fn become_text(&self, text: &str) {
        let part = self.0.with_extension("part");
        std::fs::write(&part, text).expect("a file is written");
        std::fs::rename(&part, &self.0).expect("a file is put in place");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path of text")
    }
}

#[tokio::test]
async fn what_no_rule_allows_is_named_and_nothing_is_written() {
    let mut scene = Scene::quiet().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let rule = json!({
        "namespaces": ["it-*"], "accounts": [scene.account.id], "regions": ["us-west-2"], "vpcs": [scene.world.vpc],
        "securityGroups": [], "consumers": [{ "accountId": consumer.id(), "principals": ["role/app-*"] }],
    });
    let rules = Rules::of(&scene, &json!([rule]));
    scene.start_operator(&["--policy", rules.path()]);
    let mut spec = scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]));
    spec["brokers"]["securityGroupIds"] = json!([scene.world.brokers_group]);
    scene.orders().create(spec).await;
    let message = scene.orders().stalls("NotAllowed").await;
    for part in [rules.path(), &scene.world.brokers_group, consumer.id(), "root", "rule 1"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(!message.contains(&scene.world.vpc), "{message}");
    scene.orders().says("InputsResolved", "False", "NotAllowed").await;
    scene.orders().says("Ready", "False", "NotAllowed").await;
    scene.orders().looked_again().await;
    assert_eq!(scene.calls().await.writes(), Vec::<&str>::new());

    // What is not asked for any more needs no rule.
    let within = json!([{ "accountId": consumer.id(), "principals": ["role/app-1"], "acceptance": "Automatic" }]);
    let change = json!({ "brokers": { "securityGroupIds": null }, "endpointService": { "consumers": within } });
    scene.orders().change_and_settle(change).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn rules_change_while_the_operator_runs_and_never_hold_a_deletion() {
    let mut scene = Scene::quiet().await;
    let rules = Rules::of(&scene, &json!([{ "namespaces": ["others"] }]));
    scene.start_operator(&["--policy", rules.path()]);
    scene.orders().create(scene.plain_spec()).await;
    let message = scene.orders().stalls("NotAllowed").await;
    assert!(message.contains(&format!("namespace {}", scene.namespace)), "{message}");
    rules.become_text("rules:\n- regions: [us-west-2]\n");
    scene.orders().settled().await;

    // Rules that make no sense change nothing.
    rules.become_text("rules:\n- region: us-west-2\n");
    scene
        .until("the operator says so", async || {
            let log = scene.operators[0].log();
            is(log.contains("not valid any more") && log.contains("line 2"), || "not yet".into())
        })
        .await;
    scene.orders().change_and_settle(json!({ "tags": { "team": "streaming" } })).await;

    rules.become_text("rules: []");
    scene.orders().stalls("NotAllowed").await;
    let ports = scene.inventory().await.ports();
    scene.world.launch(4, ZONES[0]).await;
    scene.orders().looked_again().await;
    assert_eq!(scene.inventory().await.ports(), ports, "what is there stays, and nothing is added");
    scene.clean_up().await;
}

#[tokio::test]
async fn nobody_starts_with_rules_that_make_no_sense() {
    let scene = Scene::quiet().await;
    let rules = Rules::of(&scene, &json!([]));
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-privatelink"));
        command.env("KUBECONFIG", &scene.actor.kubeconfig);
        let ended = command.args(["run", "--admin-address", "127.0.0.1:0", "--policy", rules.path()]).output();
        let ended = ended.expect("it ends");
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    };
    for (text, words) in [
        ("rules:\n- namespaces: [a]\n  vpc: [vpc-1]\n", ["not valid", "line 3", "vpc"]),
        ("rules:\n- accounts: ['12']\n", ["not valid", "line 2", "twelve digits"]),
    ] {
        rules.become_text(text);
        let (code, said) = start();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(rules.path()) && words.iter().all(|word| said.contains(word)), "{said}");
    }
    std::fs::remove_file(&rules.0).expect("it is there");
    let (code, said) = start();
    assert!(code == Some(1) && said.contains(rules.path()) && said.contains("cannot be read"), "{said}");
}
