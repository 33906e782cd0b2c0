//! The bed that this process was started in.

use std::path::PathBuf;
use std::sync::OnceLock;

use kube::config::{KubeConfigOptions, Kubeconfig};

/// How to get one.
const HOW: &str = "these tests need the test bed: run `make test`, or \
    `python3 tests/bed/bed.py run --crd crds/kafkaprivatelinks.yaml -- cargo test --workspace --all-targets`";

/// Where the parts of the bed are.
#[derive(Debug)]
pub struct Bed {
    /// Endpoint of the AWS stand-in.
    pub aws: String,
    /// Of an administrator.
    pub kubeconfig: PathBuf,
    /// Prometheus's judge of metrics.
    pub promtool: PathBuf,
}

/// The bed; ends the test when there is none. Nothing but loopback is ever used: whoever has a real cluster or
/// account in the environment keeps it as it is.
pub fn bed() -> &'static Bed {
    static BED: OnceLock<Bed> = OnceLock::new();
    BED.get_or_init(|| {
        let of = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: {HOW}"));
        let bed =
            Bed { aws: of("AWS_ENDPOINT_URL"), kubeconfig: of("KUBECONFIG").into(), promtool: of("PROMTOOL").into() };
        assert!(bed.aws.starts_with("http://127.0.0.1:"), "AWS_ENDPOINT_URL is not that of a test bed: {HOW}");
        let config = read(&bed.kubeconfig);
        let server = config.clusters.first().and_then(|named| named.cluster.as_ref()?.server.clone());
        let local = server.is_some_and(|server| server.starts_with("https://127.0.0.1:"));
        assert!(local, "KUBECONFIG is not that of a test bed: {HOW}");
        // Two libraries need it; `Err` says that it is there already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        bed
    })
}

impl Bed {
    /// A client of the API server, as administrator.
    pub async fn kube(&self) -> kube::Client {
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(read(&self.kubeconfig), &options).await;
        kube::Client::try_from(config.expect("the bed's kubeconfig works")).expect("a client of the bed")
    }
}

fn read(path: &std::path::Path) -> Kubeconfig {
    Kubeconfig::read_from(path).unwrap_or_else(|error| panic!("KUBECONFIG {}: {error}: {HOW}", path.display()))
}
