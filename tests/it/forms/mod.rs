//! No perpetual difference: every form in which a value can be written is settled after one pass. The full looks that
//! follow write nothing, to AWS or to status, and tell nobody anything.
//!
//! Forms that the API server refuses are cases of `tests/crd/cases.yaml`.

mod form;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use form::Form;

use crate::harness::{Link, Names, Scene, is, named, random};

/// Objects of one operator at a time.
const TOGETHER: usize = 8;

/// Makes an object of each form, and watches what is written when all are settled.
async fn settle_for_good(forms: &[Form]) {
    let mut scene = Scene::quiet().await;
    // Every look is a full one, and there is time for all of them.
    let pace = format!("{}s", 40 * forms.len());
    scene.start_operator(&["--resync", &pace, "--full-resync", &pace]);
    let brokers = [("b1", 1), ("b2", 2), ("b3", 3)].map(|(name, id)| (name, scene.world.brokers[&id].clone()));
    let zones = [("az1", "usw2-az1"), ("az2", "usw2-az2"), ("az3", "usw2-az3")];
    let subnets = zones.map(|(name, zone)| (name, scene.world.subnets[zone].clone()));
    let mut names: Names = brokers.into_iter().chain(subnets).collect();
    names.insert("group", scene.world.brokers_group.clone());

    let plain = scene.plain_spec();
    let link = |index: usize| match &forms[index].object {
        Some(name) => scene.link(name),
        None => scene.link(&format!("form-{index}")),
    };
    let links: Vec<Link<'_>> = (0..forms.len()).map(link).collect();
    for (form, link) in forms.iter().zip(&links) {
        link.create_and_settle(named(&form.spec(&plain), &names)).await;
    }
    nothing_follows(&scene, forms, &links, "first").await;

    let mut rewritten = false;
    for (form, link) in forms.iter().zip(&links) {
        if let Some(spec) = form.other_spec(&plain) {
            let replaced = serde_json::json!([{ "op": "replace", "path": "/spec", "value": named(&spec, &names) }]);
            link.edit(replaced).await.unwrap_or_else(|refusal| panic!("{}: {refusal}", form.what));
            rewritten = true;
        }
    }
    if rewritten {
        let before = nothing_follows(&scene, forms, &links, "when it says the same in another way").await;
        assert_eq!(before, Vec::<String>::new(), "a spec that says the same changes nothing in AWS");
    }
    for link in &links {
        link.delete().await;
    }
    for link in &links {
        link.gone().await;
    }
    scene.nothing_is_left().await;
}

/// All get settled, and then two full looks at each write nothing. Returns what was written until then.
async fn nothing_follows(scene: &Scene, forms: &[Form], links: &[Link<'_>], when: &str) -> Vec<String> {
    for link in links {
        link.settled().await;
    }
    // One look more, since health and connections are told as they come.
    let until_then = full_looks(scene, links, 1).await;
    let (told, written) = (scene.events().await.len(), versions(links).await);
    scene.account.standin.forget_calls().await;
    let writes = full_looks(scene, links, 2).await;
    assert_eq!(writes, Vec::<String>::new(), "written in full looks at what is settled, {when}");
    for ((form, then), now) in forms.iter().zip(&written).zip(versions(links).await) {
        assert_eq!(*then, now, "{}: status was written again, {when}", form.what);
    }
    let news = scene.events().await.split_off(told);
    assert!(news.is_empty(), "told of what is settled, {when}: {news:?}");
    scene.account.standin.forget_calls().await;
    until_then
}

async fn versions(links: &[Link<'_>]) -> Vec<Option<String>> {
    let mut versions = Vec::new();
    for link in links {
        versions.push(link.object().await.metadata.resource_version);
    }
    versions
}

/// Waits until each load balancer was looked at in full so many times more, and that is over; returns all writes since
/// calls were forgotten last.
async fn full_looks(scene: &Scene, links: &[Link<'_>], more: usize) -> Vec<String> {
    let looks = |calls: &crate::harness::Calls| {
        let mut looks = BTreeMap::<String, usize>::new();
        // Attributes are read in a full look only.
        for call in calls.log.iter().filter(|call| call.action == "DescribeLoadBalancerAttributes") {
            *looks.entry(call.body.clone()).or_default() += 1;
        }
        looks
    };
    let before = looks(&scene.calls().await);
    // The first may have begun before, and the last may not be over.
    for more in 1..=more + 1 {
        let what = format!("full look {more} at {} objects", links.len());
        scene
            .until(&what, async || {
                let now = looks(&scene.calls().await);
                let enough = |body: &String| now[body] >= before.get(body).copied().unwrap_or(0) + more;
                is(now.len() == links.len() && now.keys().all(enough), || format!("{before:?}, now {now:?}"))
            })
            .await;
    }
    let calls = scene.calls().await;
    calls.log.iter().filter(|call| call.is_write()).map(|call| format!("{} {}", call.action, call.body)).collect()
}

/// Two of them.
#[tokio::test]
async fn some_forms_settle() {
    let some = random().choose_multiple(tables::all(), 2);
    println!("{:?}", some.iter().map(|form| form.what).collect::<Vec<_>>());
    settle_for_good(&some).await;
}

async fn all_settle(forms: Vec<Form>) {
    for some in forms.chunks(TOGETHER) {
        settle_for_good(some).await;
    }
}

#[tokio::test]
async fn long_blocks_and_ports_settle() {
    all_settle([tables::blocks(), tables::ports()].concat()).await;
}

#[tokio::test]
async fn long_consumers_and_tags_settle() {
    all_settle([tables::consumers(), tables::tags(), tables::settings()].concat()).await;
}

#[tokio::test]
async fn long_names_brokers_and_subnets_settle() {
    all_settle([tables::names(), tables::brokers(), tables::subnets()].concat()).await;
}

#[test]
fn each_form_has_a_name_of_its_own() {
    let all = tables::all();
    assert!(all.len() > 40);
    let names: BTreeSet<_> = all.iter().map(|form| form.what).collect();
    assert_eq!(names.len(), all.len());
}
