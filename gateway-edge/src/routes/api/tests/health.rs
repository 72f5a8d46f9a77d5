//! Health: what the service tells, and what is said when it tells nothing.

use http::Request;
use serde_json::{Value, json};
use tonic::Status;

use super::ask_with;
use crate::{
    pb,
    test_support::{Fake, Step, ok, send},
};

const STATUS: &str = "/aigateway.v1.StatusService/GetStatus";

fn told() -> pb::GatewayStatus {
    let provider = |name: &str, availability: pb::ProviderAvailability| pb::ProviderStatus {
        provider: name.into(),
        availability: availability.into(),
    };
    pb::GatewayStatus {
        version: "1.2.3".into(),
        start_time: Some(prost_types::Timestamp { seconds: 1_795_392_000, nanos: 0 }),
        state: pb::GatewayState::Serving.into(),
        database_state: pb::DatabaseState::Available.into(),
        providers: vec![
            provider("google", pb::ProviderAvailability::Available),
            provider("xai", pb::ProviderAvailability::Degraded),
            provider("sandbox", pb::ProviderAvailability::Unknown),
        ],
        in_flight_call_count: 2,
        max_in_flight_call_count: 4096,
        resident_memory_bytes: Some(5 << 20),
    }
}

async fn health(script: impl Fn(&str) -> Vec<Step> + Clone + Send + Sync + 'static) -> Value {
    let fake = Fake::default();
    // The caller's key is nobody's business here.
    let request = Request::get("/api/v1/health").header("authorization", "Bearer sk-1");
    let answer = ask_with(&fake, script, request, "").await;
    assert_eq!(answer.status, 200);
    let seen = fake.calls.lock().unwrap();
    assert!(seen.iter().all(|call| !call.headers.contains_key("authorization")));
    answer.json()
}

#[tokio::test]
async fn what_the_service_tells() {
    let reply = |status: pb::GatewayStatus| {
        move |_: &str| vec![send(&pb::GetStatusResponse { status: Some(status.clone()) }), ok()]
    };
    let shown = health(reply(told())).await;
    let wanted = json!({
        "status": "healthy", "version": env!("CARGO_PKG_VERSION"), "uptime_seconds": 0, "service": "serving",
        "providers": [
            {"name": "google", "state": "available"}, {"name": "xai", "state": "degraded"},
            {"name": "sandbox", "state": "unknown"},
        ],
        "system": {
            "version": "1.2.3", "started_at": "2026-11-23T00:00:00Z", "database": "available", "requests_in_flight": 2,
            "max_requests_in_flight": 4096, "resident_memory_bytes": 5 << 20,
        },
    });
    assert_eq!(shown, wanted);

    let away = pb::GatewayStatus {
        database_state: pb::DatabaseState::Unreachable.into(),
        resident_memory_bytes: None,
        ..told()
    };
    let shown = health(reply(away)).await;
    assert_eq!((&shown["status"], &shown["service"]), (&json!("degraded"), &json!("serving")));
    assert_eq!(shown["system"]["database"], "unreachable");
    assert_eq!(shown["system"]["resident_memory_bytes"], Value::Null);
    let stopping = pb::GatewayStatus { state: pb::GatewayState::Stopping.into(), ..told() };
    let shown = health(reply(stopping)).await;
    assert_eq!((&shown["status"], &shown["service"]), (&json!("degraded"), &json!("not_serving")));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_tells_nothing() {
    // `grpc.health.v1.HealthCheckResponse` with its one number.
    let serving = |status: u64| vec![send(&Health { status }), ok()];
    for (status, checked, service, word) in [
        (Step::End(Status::unavailable("gone")), 1, "unreachable", "degraded"),
        (Step::End(Status::resource_exhausted("full")), 1, "overloaded", "degraded"),
        (Step::Wait(std::time::Duration::from_secs(60)), 1, "unreachable", "degraded"),
        (Step::End(Status::unimplemented("older")), 1, "serving", "healthy"),
        (Step::End(Status::unauthenticated("older")), 2, "not_serving", "degraded"),
    ] {
        let answer = move |path: &str| if path == STATUS { vec![status.clone()] } else { serving(checked) };
        let started = tokio::time::Instant::now();
        let shown = health(answer).await;
        assert_eq!((shown["service"].as_str().unwrap(), shown["status"].as_str().unwrap()), (service, word));
        assert_eq!((&shown["providers"], &shown["system"]), (&Value::Null, &Value::Null), "{service}");
        assert!(started.elapsed().as_secs() < 3, "{service}");
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Health {
    #[prost(uint64, tag = "1")]
    status: u64,
}
