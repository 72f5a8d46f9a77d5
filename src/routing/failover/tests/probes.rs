//! Who waits for the end of another request's probe.

use super::*;

/// Holds its attempt until it is told to end it.
struct Slow(tokio::sync::oneshot::Receiver<Option<FailureClass>>);

impl Attempts for Slow {
    type Answer = ();

    async fn attempt(&mut self, _: Option<&Arc<ProviderKey>>) -> Result<(), UpstreamFailure> {
        let outcome = (&mut self.0).await.expect("it is told");
        outcome.map_or(Ok(()), |class| Err(UpstreamFailure::new(class, "no")))
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_other_key_waits_for_the_probe() {
    enum Probe {
        Ends(Option<FailureClass>),
        IsAbandoned,
        Lasts,
    }
    let cases = [
        ("it works", Probe::Ends(None), None),
        ("it does not", Probe::Ends(Some(RateLimit)), Some(ErrorKind::ProviderKeysExhausted)),
        ("its caller hangs up", Probe::IsAbandoned, None),
        ("it takes too long", Probe::Lasts, Some(ErrorKind::ProviderKeysExhausted)),
    ];
    for (name, probe, want) in cases {
        let stage = stage(vec![selected("a")], false);
        stage.failover.pool.tested("a", 1, Err(&UpstreamFailure::new(RateLimit, "no")), NOW - 40_000);
        let (end, ended) = tokio::sync::oneshot::channel();
        let (mut slow, probing) = (Slow(ended), plan(&stage.sources, &sent(false)));
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut first = Box::pin(stage.failover.run(&mut slow, &probing, deadline));
        assert!((&mut first).now_or_never().is_none());
        let second = async {
            let started = Instant::now();
            (stage.run(false, &[("a", WORKS)]).await.0, started.elapsed())
        };
        let other = async {
            sleep(Duration::from_millis(500)).await;
            match probe {
                Probe::Ends(outcome) => {
                    end.send(outcome).expect("the probe waits for it");
                    drop(first.await);
                }
                Probe::IsAbandoned => drop(first),
                Probe::Lasts => sleep(Duration::from_secs(10)).await,
            }
        };
        let ((result, waited), ()) = tokio::join!(second, other);
        assert_eq!(result.err().map(|error| error.kind), want, "{name}");
        assert!(waited <= Duration::from_millis(2001), "{name}: {waited:?}");
    }
}
