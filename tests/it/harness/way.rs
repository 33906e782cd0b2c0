//! The way from an operator to the API server.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use super::Scene;

/// The operators' kubeconfig, changed, in a file of its own.
fn kubeconfig(scene: &Scene, change: impl FnOnce(&mut Value)) -> PathBuf {
    let text = std::fs::read(&scene.actor.kubeconfig).expect("the operators' kubeconfig");
    let mut config: Value = serde_json::from_slice(&text).expect("it is JSON");
    change(&mut config);
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.kubeconfig", scene.namespace));
    std::fs::write(&file, config.to_string()).expect("a kubeconfig is written");
    file
}

/// A way to the API server that can be cut: open connections end, and new ones are refused.
#[derive(Debug)]
pub struct Way {
    cut: watch::Sender<bool>,
}

impl Way {
    /// Lets the scene's operators go this way.
    pub async fn for_operators_of(scene: &mut Scene) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mut server = String::new();
        let file = kubeconfig(scene, |config| {
            let place = &mut config["clusters"][0]["cluster"]["server"];
            place.as_str().expect("a server").trim_start_matches("https://").clone_into(&mut server);
            *place = format!("https://127.0.0.1:{port}").into();
        });
        scene.environment.insert("KUBECONFIG", file.into());
        let (cut, is_cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, mut is_cut) = (server.clone(), is_cut.clone());
                tokio::spawn(async move {
                    let connected = async {
                        let mut server = TcpStream::connect(server).await?;
                        copy_bidirectional(&mut client, &mut server).await
                    };
                    tokio::select! {
                        _ = connected => {}
                        _ = is_cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { cut }
    }

    /// From now on nothing gets through.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// The API server is away for a minute.
    pub async fn away_for_a_minute(&self) {
        self.cut();
        sleep(Duration::from_mins(1)).await;
        self.cut.send_replace(false);
    }
}
