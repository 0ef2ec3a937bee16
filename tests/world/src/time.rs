//! Moving the clock, running what is due, and waiting until nothing runs.

use std::time::Duration;

use local::cloud::PocketCloud;
use local::schedule;

use crate::{World, errors};

/// For how many rounds functions may write something because of the records of what they wrote because of records.
const STREAM_ROUNDS: usize = 100;

impl World {
    /// Moves the clock by a minute, and runs every schedule once.
    pub async fn minute(&mut self) -> String {
        if !self.flowing {
            self.clock.advance(60_000);
        }
        if self.flowing || self.anybody_polls() {
            // Clients that are alive make new requests meanwhile.
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        self.hand_over_records().await;
        self.heartbeat().await
    }

    /// Runs every schedule once.
    pub async fn heartbeat(&mut self) -> String {
        for (_, name) in self.cloud.schedules() {
            self.cloud.lambda.run_scheduled(&name, schedule::event(self.clock.now())).await;
        }
        self.transcript(String::new()).await
    }

    /// Moves the clock by the batching window of the streams if a record waits, and hands over the records until there
    /// are no new ones, except those that the fault layer holds back. It also hands over the records of what a function
    /// writes because of them, and the messages of queues that are due.
    pub async fn followup(&mut self) -> String {
        let streams = &self.cloud.services.streams;
        let window = streams.window();
        if streams.waiting() > 0 && self.flowing {
            tokio::time::sleep(window).await;
        } else if streams.waiting() > 0 {
            self.clock.advance(i64::try_from(window.as_millis()).unwrap_or(i64::MAX));
        }
        self.hand_over_records().await;
        self.transcript(String::new()).await
    }

    /// Hands over the records of the streams, and then the messages of the queues, until there are no new ones.
    async fn hand_over_records(&self) {
        let PocketCloud { services, lambda, faults, .. } = &self.cloud;
        let ended = services.streams.hand_over(lambda, faults, STREAM_ROUNDS).await;
        assert!(ended, "what a function writes about records makes new records without end");
        let ended = services.queues.hand_over(lambda, faults, STREAM_ROUNDS).await;
        assert!(ended, "messages of queues come again without end");
    }

    /// Lets time pass, and with it the delays of the fault layer that are this long. The clock moves, too.
    pub async fn later(&mut self, time: Duration) -> String {
        if !self.flowing {
            self.clock.advance(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        }
        tokio::time::sleep(time).await;
        // What is due at this same moment begins first.
        tokio::task::yield_now().await;
        self.transcript(String::new()).await
    }

    /// Waits until nothing runs. No handler may have panicked, and none may have logged an error, unless the test makes
    /// something fail.
    pub async fn quiet(&self) {
        loop {
            self.cloud.gateway.settled().await;
            self.cloud.lambda.settled().await;
            // What a function does last may be to close a connection, whose end then goes to another function.
            if self.cloud.gateway.is_idle() && self.cloud.lambda.is_idle() {
                break;
            }
        }
        assert_eq!(self.cloud.lambda.panics(), 0, "no handler panics");
        let logged = errors::take();
        let disturbed = self.cloud.services.dynamodb.was_down() || !self.cloud.faults.injected().is_empty();
        let expected = self.expects_errors || disturbed;
        assert!(expected || logged.is_empty(), "errors are logged: {logged:#?}");
    }

    /// Expects from here on that functions log errors, because the test makes something fail.
    pub const fn expect_errors(&mut self) {
        self.expects_errors = true;
    }
}
