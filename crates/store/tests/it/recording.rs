use async_trait::async_trait;
use bridge_client::TraceParent;
use bridge_store::{Deliver, DeliveryFailure, Message};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;

/// A receiver that notes what it is given and answers as it was told, message by message, then always `Ok`.
#[derive(Default)]
pub(crate) struct Recording {
    answers: Mutex<VecDeque<Answer>>,
    hanging: Vec<&'static str>,
    received: Mutex<Vec<(String, String)>>,
    traces: Mutex<Vec<Option<TraceParent>>>,
    arrived: Notify,
}

pub(crate) enum Answer {
    Failure(DeliveryFailure),
    /// Takes the message and then never says so.
    Silence,
    Panic,
}

impl Recording {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() }
    }

    /// One that takes every message for these recipients and never says so.
    pub(crate) fn hanging_for(recipients: impl IntoIterator<Item = &'static str>) -> Self {
        Self { hanging: recipients.into_iter().collect(), ..Self::default() }
    }

    /// The traces in which messages came.
    pub(crate) fn traces(&self) -> Vec<Option<TraceParent>> {
        self.traces.lock().unwrap().clone()
    }

    /// The payloads so far, once there are that many.
    pub(crate) async fn texts(&self, count: usize) -> Vec<String> {
        self.received(count).await.into_iter().map(|(_, text)| text).collect()
    }

    /// Ids and payloads so far, once there are that many.
    pub(crate) async fn received(&self, count: usize) -> Vec<(String, String)> {
        let enough = async {
            while self.received.lock().unwrap().len() < count {
                self.arrived.notified().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), enough).await;
        let received = self.received.lock().unwrap().clone();
        assert!(waited.is_ok(), "expected {count} deliveries, found {received:?}");
        received
    }
}

#[async_trait]
impl Deliver for Recording {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryFailure> {
        let text = message.payload().map_err(DeliveryFailure::permanent)?;
        self.received.lock().unwrap().push((message.id().to_string(), text));
        self.traces.lock().unwrap().push(TraceParent::current());
        self.arrived.notify_one();
        if self.hanging.contains(&message.recipient()) {
            return std::future::pending().await;
        }
        let answer = self.answers.lock().unwrap().pop_front();
        match answer {
            None => Ok(()),
            Some(Answer::Failure(failure)) => Err(failure),
            Some(Answer::Silence) => std::future::pending().await,
            Some(Answer::Panic) => panic!("on purpose"),
        }
    }
}
