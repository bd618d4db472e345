use super::turns::Turns;
use super::{Message, Pace, PayloadUnreadable, table};
use crate::{Connection, Database, StoreError, Topic};
use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};

/// Carries messages out of the company.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// Delivers one message. `Ok` when the receiver has it for good.
    ///
    /// The same message may come again after an `Ok`, because the process can die before it is marked: send its id as
    /// the `Idempotency-Key`, or note it with [`crate::WriteTransaction::receive`] where it is applied.
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryFailure>;
}

/// Why a message was not delivered. The text goes to the log and to the list of dead letters: no token in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// The receiver could not be reached or cannot now: the message is tried until it can.
    #[error("{reason}")]
    Temporary {
        /// What happened.
        reason: String,
        /// How long the receiver asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// The receiver refuses this message, and would again: after some attempts it becomes a dead letter.
    #[error("{reason}")]
    Permanent {
        /// What the receiver said.
        reason: String,
    },
}

impl DeliveryFailure {
    /// A failure that passes.
    pub fn temporary(reason: impl fmt::Display) -> Self {
        Self::Temporary { reason: reason.to_string(), retry_after: None }
    }

    /// A refusal.
    pub fn permanent(reason: impl fmt::Display) -> Self {
        Self::Permanent { reason: reason.to_string() }
    }
}

impl From<StoreError> for DeliveryFailure {
    /// Our own database failed: that passes.
    fn from(error: StoreError) -> Self {
        Self::temporary(error)
    }
}

impl From<PayloadUnreadable> for DeliveryFailure {
    fn from(error: PayloadUnreadable) -> Self {
        Self::permanent(error)
    }
}

/// Empties the outbox. One per database: two would deliver everything twice.
pub struct Dispatcher {
    database: Database,
    deliver: Arc<dyn Deliver>,
    pace: Pace,
    tasks: JoinSet<(Message, Result<(), DeliveryFailure>)>,
    turns: Turns,
}

impl Dispatcher {
    /// A dispatcher that has not begun.
    pub fn new(database: Database, deliver: Arc<dyn Deliver>, pace: Pace) -> Self {
        Self { database, deliver, pace, tasks: JoinSet::new(), turns: Turns::new(pace) }
    }

    /// Delivers what is due, at once when something is written, until it is dropped. What was under way then is
    /// delivered again after the next start.
    pub async fn run(mut self) {
        let mut others = self.database.watch(Topic::Outbox);
        loop {
            let pause = self.start_due().await.unwrap_or_else(|error| {
                tracing::error!(target: "bridge", event = "outbox_unreadable", outcome = "error", detail = %error, "the outbox cannot be read");
                self.pace.longest
            });
            let database = self.database.clone();
            tokio::select! {
                Some(ended) = self.tasks.join_next() => self.settle(ended).await,
                () = database.outbox_changed() => {}
                Ok(()) = others.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Starts what is due, the recipients taking turns, and gives the time until there may be more to start.
    async fn start_due(&mut self) -> Result<Duration, StoreError> {
        let clock = self.database.clock();
        let (now, age) = (clock.now(), clock.monotonic());
        let mut connection = self.database.read().await?;
        let mut due = self.due(&mut connection, now, age).await?;
        while let Some(recipient) = self.turns.next(due.keys().map(String::as_str), age).map(str::to_owned) {
            match due.get_mut(&recipient).and_then(VecDeque::pop_front) {
                Some(message) => {
                    self.turns.start(message.id, &recipient);
                    self.tasks.spawn(attempt(self.deliver.clone(), message));
                }
                None => drop(due.remove(&recipient)),
            }
        }
        let next = table::next_due(&mut connection, now).await?;
        let next = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        let rested = self.turns.next_rest_end(age).map(|end| end.saturating_sub(age));
        Ok(next.into_iter().chain(rested).chain([self.pace.longest]).min().unwrap_or_default())
    }

    /// What is due for each recipient that may get a message now, as many as it may get.
    async fn due(
        &mut self,
        connection: &mut Connection,
        now: Timestamp,
        age: Duration,
    ) -> Result<BTreeMap<String, VecDeque<Message>>, StoreError> {
        let recipients = table::recipients(connection).await?;
        self.turns.forget_all_but(&recipients);
        let times = (now, after(now, self.pace.longest));
        let mut due = BTreeMap::new();
        for recipient in recipients {
            let room = self.turns.room(&recipient, age);
            if room > 0 {
                let messages = table::due(connection, &recipient, times, self.turns.under_way(), room).await?;
                due.insert(recipient, messages.into());
            }
        }
        Ok(due)
    }

    async fn settle(&mut self, ended: Result<(Message, Result<(), DeliveryFailure>), JoinError>) {
        // A task neither panics (that is caught in it) nor is cancelled while the dispatcher lives.
        let Ok((message, result)) = ended else { return };
        match &result {
            Err(DeliveryFailure::Temporary { retry_after, .. }) => {
                self.turns.missed(message.id, *retry_after, self.database.clock().monotonic());
            }
            Ok(()) | Err(DeliveryFailure::Permanent { .. }) => self.turns.reached(message.id),
        }
        if let Err(error) = self.record(&message, result).await {
            tracing::error!(target: "bridge", event = "outbox_unwritable", outcome = "error", message_id = %message.id,
                topic = message.topic, detail = %error, "the outcome of a delivery was not kept; it will be repeated");
            tokio::time::sleep(self.pace.first).await;
        }
    }

    async fn record(&self, message: &Message, result: Result<(), DeliveryFailure>) -> Result<(), StoreError> {
        let attempt = message.attempts.saturating_add(1);
        let mut writer = self.database.writer().await?;
        let now = self.database.clock().now();
        let pause = self.pace.pause(message.id, attempt);
        let (failure, dead) = match result {
            Ok(()) => return table::delivered(&mut writer, message.id).await,
            Err(DeliveryFailure::Temporary { reason, retry_after }) => {
                let pause = pause.max(retry_after.unwrap_or_default().min(self.pace.longest));
                table::put_back(&mut writer, message.id, &reason, after(now, pause)).await?;
                (reason, false)
            }
            Err(DeliveryFailure::Permanent { reason }) => {
                let times = (now, after(now, pause));
                let dead = table::refused(&mut writer, message.id, &reason, times, self.pace.refusals).await?;
                (reason, dead)
            }
        };
        let event = if dead { "outbox_dead_letter" } else { "outbox_retry" };
        tracing::warn!(target: "bridge", event, outcome = "error", message_id = %message.id, topic = message.topic,
            recipient = message.recipient, aggregate = message.aggregate, attempt, detail = failure,
            "a message was not delivered");
        Ok(())
    }
}

/// One attempt, inside the trace of the write that sent the message. A panic of the deliverer is a failure that passes, so that one message cannot stop the others.
async fn attempt(deliver: Arc<dyn Deliver>, message: Message) -> (Message, Result<(), DeliveryFailure>) {
    let delivery = message.trace.scope(deliver.deliver(&message));
    let outcome = AssertUnwindSafe(delivery).catch_unwind().await;
    let result = outcome.unwrap_or_else(|_| Err(DeliveryFailure::temporary("the delivery panicked")));
    (message, result)
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("pace", &self.pace).field("turns", &self.turns).finish_non_exhaustive()
    }
}
