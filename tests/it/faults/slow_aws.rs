//! AWS does not show at once what it did.

use serde_json::{Value, json};

use super::run::{Told, told};
use super::story::Story;

/// The whole story while AWS is slow in this way.
async fn all_the_same(settings: Value, flags: &[&'static str]) -> (Story, Told) {
    let mut story = Story::begin(flags).await;
    story.scene.account.standin.set(settings).await;
    let told = told(&mut story, None, None).await;
    assert_eq!(told.wrong(), Vec::<&String>::new());
    (story, told)
}

#[tokio::test]
async fn long_reads_lag_by_a_look() {
    // The look after the steps comes too early, the next one does not.
    all_the_same(json!({ "read_lag": 0.1 }), &[]).await;
}

#[tokio::test]
async fn long_reads_lag_by_seconds() {
    // Delays are divided by less: three seconds are half a minute here, and a whole one is taken for lag.
    all_the_same(json!({ "read_lag": 3 }), &["--time-scale", "10"]).await;
}

#[tokio::test]
async fn long_interfaces_linger_for_minutes() {
    let (story, _) = all_the_same(json!({ "interface_lingering": 4 }), &[]).await;
    // The end is awaited and not tried.
    let errors = story.scene.calls().await.errors;
    assert!(!errors.keys().any(|error| error.starts_with("DeleteSecurityGroup ")), "{errors:?}");
}
