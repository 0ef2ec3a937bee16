//! Random faults, drawn from a seed.

use std::time::Duration;

use super::effect::{Effect, RunEffect};
use super::rule::{AwsRequest, Service, Trigger};

/// The most AWS requests of an invocation before it is killed. Most invocations make fewer.
const KILLED_WITHIN: u64 = 10;
/// The longest delay of a request, in milliseconds. It is longer than an attempt of the SDK may take, so that some
/// requests are done after their timeout.
const DELAY_MAX_MILLIS: u64 = 2_500;
/// The longest lag of an index, in milliseconds.
const LAG_MAX_MILLIS: u64 = 3_000;
/// The longest delay of an event, in milliseconds. A schedule that runs every minute counts as left out if it is later
/// than this.
const LATE_MAX_MILLIS: u64 = 50_000;

/// Draws faults. The same seed and the same sequence of requests and invocations give the same faults.
#[derive(Clone, Debug)]
pub struct Draw {
    seed: u64,
    rate: f64,
    state: u64,
}

impl Draw {
    /// Creates the generator. Each draw gives a fault with the probability `rate`, from 0 to 1.
    #[must_use]
    pub fn new(seed: u64, rate: f64) -> Self {
        Self { seed, rate, state: seed }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Draws the effect on a request.
    pub(super) fn request(&mut self, request: &AwsRequest) -> Option<Effect> {
        if !self.hit() {
            return None;
        }
        let mut all = vec![
            Effect::internal_error(),
            Effect::unavailable(),
            Effect::internal_error().but_done(),
            Effect::AnswerLost,
            Effect::ConnectionDied,
            Effect::NoAnswer { done: true },
            Effect::NoAnswer { done: false },
            Effect::Delayed(self.millis(DELAY_MAX_MILLIS)),
        ];
        let special = match (request.service, request.operation.as_str()) {
            (Service::DynamoDb, operation) => self.of_dynamodb(operation, request),
            (Service::Connections, "PostToConnection" | "DeleteConnection") => {
                // An older connection is gone only if it really is.
                let young = if request.is_young { Effect::gone() } else { Effect::limit_exceeded() };
                vec![Effect::limit_exceeded(), young]
            }
            (Service::Connections, _) => vec![Effect::limit_exceeded()],
            (Service::Lambda, _) => vec![Effect::too_many_invocations()],
            (Service::SecretsManager, _) => Vec::new(),
            (Service::S3, _) => vec![Effect::slow_down()],
            (Service::EventBridge | Service::Sns | Service::Sqs, _) => vec![Effect::throttled()],
        };
        all.extend(special);
        all.retain(|effect| effect.fits(request));
        self.one_of(&all).cloned()
    }

    fn of_dynamodb(&mut self, operation: &str, request: &AwsRequest) -> Vec<Effect> {
        let mut all = vec![Effect::throughput_exceeded(), Effect::throttled(), Effect::request_limit_exceeded()];
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                all.extend([Effect::transaction_conflict(), Effect::transaction_conflict()]);
            }
            "TransactWriteItems" => {
                let item = self.below(u64::try_from(request.items).unwrap_or(1));
                let item = usize::try_from(item).unwrap_or_default();
                all.extend([
                    Effect::canceled_by_conflict(item),
                    Effect::canceled_by_throttling(item),
                    Effect::transaction_in_progress(),
                    Effect::transaction_in_progress().but_done(),
                ]);
            }
            _ => {
                let items = u32::try_from(self.below(3)).unwrap_or_default();
                let lag = self.millis(LAG_MAX_MILLIS);
                all.extend([Effect::Unprocessed, Effect::SplitPages(items), Effect::StaleIndex(lag)]);
            }
        }
        all
    }

    /// Draws the effect on an invocation, out of the effects of one kind.
    pub(super) fn run(&mut self, trigger: Trigger, of_kind: fn(&RunEffect) -> bool) -> Option<RunEffect> {
        if !self.hit() {
            return None;
        }
        let all = [
            RunEffect::LeftOut,
            RunEffect::Twice,
            RunEffect::Again(self.millis(LATE_MAX_MILLIS)),
            RunEffect::Late(self.millis(LATE_MAX_MILLIS)),
            RunEffect::KilledBefore(1 + self.below(KILLED_WITHIN)),
            RunEffect::KilledAfter(1 + self.below(KILLED_WITHIN)),
            RunEffect::TimedOut,
            RunEffect::Thawed,
            RunEffect::Throttled,
        ];
        let fitting: Vec<RunEffect> =
            all.into_iter().filter(|effect| of_kind(effect) && effect.fits(trigger)).collect();
        self.one_of(&fitting).copied()
    }

    /// Draws whether there is a fault.
    fn hit(&mut self) -> bool {
        // 32 bits are exact in an f64.
        let drawn = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(drawn) < self.rate * (f64::from(u32::MAX) + 1.0)
    }

    fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.below(most))
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(all.len()).unwrap_or(1));
        all.get(usize::try_from(at).unwrap_or_default())
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// The next number of `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
