//! A replica whose packets go nowhere: no refusal, no reset, only silence.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{LONG, replica::*};
use crate::{Transport, test_support::Step};

/// A wire to a replica that can be made to swallow everything.
struct Wire {
    url: String,
    silent: watch::Sender<bool>,
    _task: JoinSet<()>,
}

impl Wire {
    async fn to(address: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let silent = watch::Sender::new(false);
        let is_silent = silent.subscribe();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut wires = JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.unwrap();
                wires.spawn(carry(near, address, is_silent.clone()));
            }
        });
        Self { url, silent, _task: task }
    }
}

async fn carry(mut near: TcpStream, address: SocketAddr, mut silent: watch::Receiver<bool>) {
    let mut far = TcpStream::connect(address).await.unwrap();
    let (mut from_near, mut from_far) = ([0; 4096], [0; 4096]);
    loop {
        let _ = silent.wait_for(|silent| !silent).await;
        tokio::select! {
            Ok(n @ 1..) = near.read(&mut from_near) => {
                if *silent.borrow() { continue }
                let _ = far.write_all(&from_near[..n]).await;
            }
            Ok(n @ 1..) = far.read(&mut from_far) => {
                if *silent.borrow() { continue }
                let _ = near.write_all(&from_far[..n]).await;
            }
            _ = silent.changed() => {}
            else => return,
        }
    }
}

#[tokio::test]
async fn calls_leave_a_replica_that_fell_silent() {
    let slowly = |path: &str| [vec![Step::Wait(Duration::from_millis(200))], models(path)].concat();
    let (lost, good) = (Replica::start(slowly).await, Replica::start(slowly).await);
    let wire = Wire::to(lost.address).await;
    let transport = Transport::remote(&settings([wire.url.clone(), good.url()])).unwrap();
    until_healthy(&transport, 2).await;
    let mut under_way = JoinSet::new();
    for _ in 0..20 {
        let transport = transport.clone();
        under_way.spawn(async move { list(&transport).await });
    }
    while lost.calls() <= 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    wire.silent.send_replace(true);
    // Those that were under way end when the connection gives no sign of life, and are sent to the other.
    let begin = Instant::now();
    assert!(under_way.join_all().await.iter().all(Result::is_ok));
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    until_healthy(&transport, 1).await;
    let (begin, before) = (Instant::now(), lost.calls());
    assert_eq!(many(&transport, 20, 4).await.len(), 0);
    assert!(begin.elapsed() < LONG && lost.calls() == before, "{:?}", begin.elapsed());
    wire.silent.send_replace(false);
    until_healthy(&transport, 2).await;
    assert_eq!(many(&transport, 20, 4).await.len(), 0);
    assert!(lost.calls() > before);
}
