//! The binary `kafka-privatelink`.

fn main() -> std::process::ExitCode {
    kafka_privatelink::run()
}
