//! kubectl's plug-in: what it shows, hands over and confirms.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::{CLUSTER_ID, Scene, bed, binary, is, with_credentials};

/// `kubectl privatelink …`, by a link of the plug-in's name on PATH.
struct PlugIn(PathBuf);

impl PlugIn {
    fn of(scene: &Scene) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("plug-in-{}", scene.namespace));
        std::fs::create_dir(&folder).expect("a folder");
        std::os::unix::fs::symlink(binary(), folder.join("kubectl-privatelink")).expect("a link");
        Self(folder)
    }

    fn run(&self, scene: &Scene, arguments: &[&str]) -> Output {
        let path = std::env::var("PATH").expect("a PATH");
        let mut kubectl = Command::new("kubectl");
        kubectl.arg("privatelink").args(arguments).args(["--namespace", &scene.namespace]);
        kubectl.env("PATH", format!("{}:{path}", self.0.display())).env("KUBECONFIG", &bed().kubeconfig);
        kubectl.stdin(Stdio::null()).output().expect("kubectl runs")
    }

    fn says(&self, scene: &Scene, arguments: &[&str]) -> String {
        let output = self.run(scene, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn refuses(&self, scene: &Scene, arguments: &[&str]) -> String {
        let output = self.run(scene, arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("text")
    }
}

impl Drop for PlugIn {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder goes");
    }
}

#[tokio::test]
async fn status_and_the_sheet_say_what_aws_has() {
    let scene = Scene::start().await;
    let plug_in = PlugIn::of(&scene);
    let missing = plug_in.refuses(&scene, &["status", "orders"]);
    assert!(missing.contains(&format!("no kafkaprivatelink {}/orders", scene.namespace)), "{missing}");

    scene.orders().create_and_settle(scene.plain_spec()).await;
    let service = scene.account.ec2.describe_vpc_endpoint_service_configurations().send().await.expect("AWS answers");
    let name = service.service_configurations()[0].service_name.clone().expect("a name");

    let status = plug_in.says(&scene, &["status", "orders"]);
    for part in [": ready", &name, "listener EXTERNAL, bootstrap 9092", "9094   Healthy"] {
        assert!(status.contains(part), "{part} is not in\n{status}");
    }
    let sheet = plug_in.says(&scene, &["handover", "orders", "--for", "materialize"]);
    for part in ["| 2 | `usw2-az2` | 9094 |", &format!("SERVICE NAME '{name}'")] {
        assert!(sheet.contains(part), "{part} is not in\n{sheet}");
    }
    assert!(!sheet.contains("TiDB"), "one consumer was asked for:\n{sheet}");
    let page = plug_in.says(&scene, &["handover", "orders", "-o", "html"]);
    for part in ["<table>", "<h2>In TiDB Cloud</h2>", &format!("<code>{name}</code>")] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    let unknown = plug_in.refuses(&scene, &["handover", "orders", "--for", "nobody"]);
    assert!(unknown.contains("tidb-cloud"), "{unknown}");
    let help = plug_in.says(&scene, &["status", "--help"]);
    assert!(help.contains("kubectl privatelink status"), "{help}");

    let mut plan = with_credentials(scene.credentials());
    plan.args(["plan", "orders", "--cluster-id", CLUSTER_ID, "--namespace", &scene.namespace]);
    let plan = plan.output().expect("the program ends");
    assert_eq!(plan.status.code(), Some(0), "{}", String::from_utf8_lossy(&plan.stderr));
    scene.clean_up().await;
}

#[tokio::test]
async fn what_goes_is_confirmed_after_it_was_shown() {
    let scene = Scene::start().await;
    let plug_in = PlugIn::of(&scene);
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let nothing = plug_in.refuses(&scene, &["confirm", "orders", "--yes"]);
    assert!(nothing.contains("asks nothing"), "{nothing}");

    scene.world.terminate(&[2, 3]).await;
    scene.orders().stalls("AwaitingConfirmation").await;
    let alone = plug_in.refuses(&scene, &["confirm", "orders"]);
    assert!(alone.contains("--yes"), "{alone}");
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094, 9095]);

    let said = plug_in.says(&scene, &["confirm", "orders", "--yes"]);
    assert!(said.contains("- broker 2\n") && said.contains("- broker 3\n"), "{said}");
    scene.aws("both go", |aws| is(aws.ports() == [9092, 9093], || format!("{:?}", aws.ports()))).await;
    scene.clean_up().await;
}
