//! `render`: what brokers have to advertise, from a file alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const OBJECT: &str = r#"
apiVersion: kafka-privatelink.io/v1alpha1
kind: KafkaPrivateLink
metadata: { name: orders, namespace: shop }
spec:
  region: us-west-2
  network:
    vpcId: vpc-0a1b2c3d4e5f60718
    subnets:
    - { zoneId: usw2-az1, subnetId: subnet-0a1b2c3d4e5f60718 }
    - { zoneId: usw2-az2, subnetId: subnet-0a1b2c3d4e5f60719 }
  brokers:
    static:
    - { id: 1, zoneId: usw2-az1, instanceId: i-0a1b2c3d4e5f60711 }
    - { id: 2, zoneId: usw2-az2, instanceId: i-0a1b2c3d4e5f60712 }
  listeners:
  - name: EXTERNAL
    securityProtocol: SASL_SSL
    brokerPort: 39092
    bootstrapPort: 9092
    portRange: { first: 9093, last: 9116 }
    advertisedHostTemplate: "b{brokerId}.{zoneId}.abc.example"
    consumerCidrs: [ 10.0.0.0/8 ]
  endpointService: { consumers: [] }
"#;
const SERVER: &str = "\
# broker 2
node.id=2
listeners=INTERNAL://:9092,CONTROLLER://:9093
advertised.listeners=INTERNAL://10.0.0.2:9092
listener.security.protocol.map=INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
";

/// Where a test has its files.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str, object: &str) -> Self {
        let folder = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("render-{test}")));
        std::fs::create_dir_all(&folder.0).expect("a folder");
        folder.write("orders.yaml", object);
        folder.write("server.properties", SERVER);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file");
    }

    fn render(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kafka-privatelink"))
            .current_dir(&self.0)
            .args(["render", "-f", "orders.yaml"])
            .args(arguments)
            .output()
            .expect("the program ends")
    }

    fn shows(&self, arguments: &[&str]) -> String {
        let output = self.render(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.render(arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).expect("text")
    }
}

#[test]
fn each_form_says_the_same() {
    let folder = Folder::of("forms", OBJECT);
    let lines = folder.shows(&["--broker", "2"]);
    let entries: Vec<&str> = lines.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        entries,
        [
            "listeners += EXTERNAL://:39092",
            "advertised.listeners += EXTERNAL://b2.usw2-az2.abc.example:9094",
            "listener.security.protocol.map += EXTERNAL:SASL_SSL",
        ]
    );
    assert!(folder.shows(&[]).contains("# Broker 1 of shop/orders."));

    let json: serde_json::Value = serde_json::from_str(&folder.shows(&["-o", "json"])).expect("JSON");
    let second = serde_json::json!({ "id": 2, "listeners": [
        { "name": "EXTERNAL", "port": 39092, "securityProtocol": "SASL_SSL", "advertised": "b2.usw2-az2.abc.example:9094" },
    ] });
    assert_eq!(json["brokers"][1], second);

    let strimzi = folder.shows(&["-o", "strimzi"]);
    let strimzi: serde_json::Value = serde_saphyr::from_str(&strimzi).expect("YAML");
    assert_eq!(strimzi[0]["type"], "cluster-ip");
    assert_eq!(strimzi[0]["tls"], true);
    let second =
        serde_json::json!({ "broker": 2, "advertisedHost": "b2.usw2-az2.abc.example", "advertisedPort": 9094 });
    assert_eq!(strimzi[0]["configuration"]["brokers"][1], second);
}

#[test]
fn merged_into_a_whole_file_twice_it_is_the_same() {
    let folder = Folder::of("merged", OBJECT);
    let arguments = ["--broker", "2", "--merge", "server.properties"];
    let merged = folder.shows(&arguments);
    let wanted = SERVER
        .replace("CONTROLLER://:9093", "CONTROLLER://:9093,EXTERNAL://:39092")
        .replace("INTERNAL://10.0.0.2:9092", "INTERNAL://10.0.0.2:9092,EXTERNAL://b2.usw2-az2.abc.example:9094")
        .replace("CONTROLLER:PLAINTEXT", "CONTROLLER:PLAINTEXT,EXTERNAL:SASL_SSL");
    assert_eq!(merged, wanted);
    folder.write("server.properties", &merged);
    assert_eq!(folder.shows(&arguments), merged);
}

#[test]
fn what_cannot_be_rendered_is_said() {
    let folder = Folder::of("refused", OBJECT);
    assert!(folder.refuses(&["--broker", "3"]).contains("shop/orders: broker 3 advertises nothing yet"));
    assert!(folder.refuses(&["--broker", "2", "--merge", "none.properties"]).contains("none.properties"));
    assert!(folder.refuses(&["--merge", "server.properties"]).contains("--broker <ID>"));

    let silent = Folder::of("silent", &OBJECT.replace("advertisedHostTemplate", "# advertisedHostTemplate"));
    assert!(silent.refuses(&["--broker", "2"]).contains("advertisedHostTemplate is missing"));

    let (before, after) = OBJECT.split_once("    static:").expect("brokers");
    let (_, after) = after.split_once("  listeners:").expect("listeners");
    let selected = format!("{before}    ec2: {{ tags: {{ kafka: orders }}, idTagKey: id }}\n  listeners:{after}");
    assert!(Folder::of("selected", &selected).refuses(&[]).contains("give the object with its status"));

    let two = Folder::of("two", &format!("{OBJECT}---{OBJECT}"));
    assert!(two.refuses(&[]).contains("orders.yaml holds several objects: give one"));
}
