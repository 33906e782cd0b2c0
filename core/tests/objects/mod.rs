//! Objects that are drawn.

use serde_json::{Value, json};

/// The guide's three brokers, each in a zone of its own.
pub fn guide() -> Value {
    let broker = |id: i32| json!({ "id": id, "zoneId": format!("usw2-az{id}"), "instanceId": format!("i-0{id}") });
    let subnet = |id: i32| json!({ "zoneId": format!("usw2-az{id}"), "subnetId": format!("subnet-0{id}") });
    json!({
        "apiVersion": "kafka-privatelink.io/v1alpha1", "kind": "KafkaPrivateLink",
        "metadata": { "name": "orders", "namespace": "streaming" },
        "spec": {
            "region": "us-west-2",
            "network": { "vpcId": "vpc-01f50b790fa01dffa", "subnets": [subnet(1), subnet(2), subnet(3)] },
            "brokers": { "static": [broker(1), broker(2), broker(3)] },
            "listeners": [{
                "name": "EXTERNAL", "brokerPort": 39092, "bootstrapPort": 9092, "portRange": { "first": 9093, "last": 9116 },
                "advertisedHostTemplate": "b{brokerId}.{zoneId}.abc.{region}.aws.3199015.tidbcloud.com",
                "consumerCidrs": ["10.250.0.0/16"],
            }],
            "endpointService": { "consumers": [{ "accountId": "210987654321", "acceptance": "Automatic" }] },
        },
    })
}

/// The same as it runs: broker 2 is down, and a consumer is connected.
pub fn running() -> Value {
    let broker = |id: i32, health: &str| {
        let port = 9092 + id;
        json!({
            "id": id, "zoneId": format!("usw2-az{id}"), "port": port, "target": format!("i-0{id}:39092"), "health": health,
            "advertised": format!("b{id}.usw2-az{id}.abc.us-west-2.aws.3199015.tidbcloud.com:{port}"),
        })
    };
    let mut object = guide();
    object["status"] = json!({
        "endpointService": { "serviceName": "com.amazonaws.vpce.us-west-2.vpce-svc-0a1b2c3d4e5f60718" },
        "loadBalancer": { "dnsName": "kpl-streamin-orders-2c28a9597e-0123.elb.us-west-2.amazonaws.com" },
        "listeners": [{
            "name": "EXTERNAL",
            "brokers": [broker(1, "Healthy"), broker(2, "Unhealthy"), broker(3, "Healthy")],
        }],
        "ports": (1..=3).map(|id| json!({ "listener": "EXTERNAL", "brokerId": id, "port": 9092 + id })).collect::<Vec<_>>(),
        "connections": [{ "endpointId": "vpce-0aa", "accountId": "210987654321", "state": "available" }],
    });
    object
}
