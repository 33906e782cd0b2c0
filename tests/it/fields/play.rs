//! Does what the tables say, to an object that runs.

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};

use super::case::{Case, Expect};
use crate::harness::{Names, Scene, is, named, named_text, values_at};

/// A world, and the first spec of the object in it.
pub struct Stage {
    /// The account, and perhaps an operator.
    pub scene: Scene,
    /// With names in it.
    pub spec: Value,
    /// What they stand for.
    pub names: Names,
}

impl Stage {
    /// Plays cases one after the other, on an object that a running operator has settled.
    pub async fn play(mut self, cases: &[Case]) {
        if self.scene.operators.is_empty() {
            self.scene.start_operator(&[]);
        }
        let orders = self.scene.orders();
        let spec = named(&self.spec, &self.names);
        if orders.find().await.is_none() {
            orders.create_and_settle(spec.clone()).await;
        }
        let first = json!([{ "op": "replace", "path": "/spec", "value": spec }]);
        for case in cases {
            if case.afresh {
                orders.edit(first.clone()).await.expect("the first spec is accepted again");
                orders.settled().await;
            }
            step(&self.scene, case, &self.names).await;
        }
        self.scene.clean_up().await;
    }

    /// Asks for those changes that are refused, of an object that nobody has looked at.
    pub async fn refuses(self, cases: &[Case]) {
        self.scene.orders().create(named(&self.spec, &self.names)).await;
        for case in cases.iter().filter(|case| case.is_refused()) {
            step(&self.scene, case, &self.names).await;
        }
        self.scene.orders().delete_and_wait().await;
    }
}

async fn step(scene: &Scene, case: &Case, names: &Names) {
    let orders = scene.orders();
    let what = format!("{:?} {}", case.act, case.path);
    let before = scene.inventory().await.portrait();
    for expect in &case.expect {
        if let Expect::Aws { at, values } = expect {
            let shown = shows(&before, &named_text(at, names), &named(values, names));
            assert!(shown.is_err(), "{what}: AWS shows it before: {at}");
        }
    }
    let edited = orders.edit(named(&case.operations.clone().into(), names)).await;
    if let [Expect::Refused(text)] = case.expect.as_slice() {
        let refusal = edited.expect_err(&format!("{what} shall be refused"));
        assert!(refusal.contains(text), "{what}: {refusal}");
        return;
    }
    edited.unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
    for expect in &case.expect {
        follows(scene, &what, expect, names, &before).await;
    }
}

async fn follows(scene: &Scene, what: &str, expect: &Expect, names: &Names, before: &Value) {
    let orders = scene.orders();
    match expect {
        Expect::Aws { at, values } => {
            let (at, values) = (named_text(at, names), named(values, names));
            let what = format!("{what}: AWS shows {values} at {at}");
            scene.aws(&what, |aws| shows(&aws.portrait(), &at, &values)).await;
        }
        Expect::Stays { at, why } => {
            let at = &named_text(at, names);
            orders.looked_again().await;
            let now = scene.inventory().await.portrait();
            assert_eq!(values_at(&now, at), values_at(before, at), "{what}: {why}");
        }
        Expect::Says { condition, status, reason, part } => {
            let message = orders.says(condition, status, reason).await;
            assert!(message.contains(&named_text(part, names)), "{what}: {message}");
        }
        Expect::Status { at, values } => {
            let (at, values) = (&named_text(at, names), &named(values, names));
            let probe = |object: &kpl_core::api::KafkaPrivateLink| {
                shows(&serde_json::to_value(&object.status).expect("JSON"), at, values)
            };
            orders.until(&format!("{what}: status shows {values} at {at}"), probe).await;
        }
        Expect::Lines { key, part } => {
            let api = scene.api::<ConfigMap>();
            let has = async || {
                let found = api.get_opt("orders-advertised-listeners").await.expect("the API server answers");
                let text = found.and_then(|found| found.data?.remove(*key));
                let so = text.as_ref().is_some_and(|text| text.contains(part));
                is(so, || format!("{text:?}"))
            };
            scene.until(&format!("{what}: {key} has {part}"), has).await;
        }
        Expect::Refused(_) | Expect::Deleted(_) => panic!("{what}: stands alone, in its own table"),
    }
}

fn shows(picture: &Value, at: &str, values: &Value) -> Result<(), String> {
    let have = values_at(picture, at);
    is(have == values_at(values, "*"), || json!(have).to_string())
}
