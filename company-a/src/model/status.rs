use super::EventKind;
use bridge_business::Mismatch;
use bridge_validator::Problem;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// The customer ordered; the carrier need not know yet.
    Placed,
    /// The carrier has taken the job.
    HandedOver,
    /// The goods are on their way.
    InTransit,
    /// The customer has the goods.
    Delivered,
    /// The goods will not arrive.
    Failed,
}

impl OrderStatus {
    const ALL: [Self; 5] = [Self::Placed, Self::HandedOver, Self::InTransit, Self::Delivered, Self::Failed];

    /// The status after the carrier reported something.
    ///
    /// # Errors
    /// [`IllegalTransition`] when that cannot have happened now, for instance after the end.
    pub fn after(self, event: EventKind) -> Result<Self, IllegalTransition> {
        match (self, event) {
            (Self::Placed | Self::HandedOver, EventKind::Accepted) => Ok(Self::HandedOver),
            (Self::HandedOver, EventKind::PickedUp) | (Self::InTransit, EventKind::InTransit) => Ok(Self::InTransit),
            (Self::InTransit, EventKind::Delivered) => Ok(Self::Delivered),
            (Self::Placed | Self::HandedOver | Self::InTransit, EventKind::Failed) => Ok(Self::Failed),
            _ => Err(IllegalTransition { status: self, event }),
        }
    }

    /// The status once the carrier has made a shipment. Its report may have come before its answer.
    #[must_use]
    pub fn shipped(self) -> Self {
        if self == Self::Placed { Self::HandedOver } else { self }
    }

    /// Its name in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::HandedOver => "handed_over",
            Self::InTransit => "in_transit",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl TryFrom<&str> for OrderStatus {
    type Error = Mismatch;

    fn try_from(text: &str) -> Result<Self, Mismatch> {
        let known = Self::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| Mismatch::new("a status of an order", text))
    }
}

/// A report that does not go with the status of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IllegalTransition {
    status: OrderStatus,
    event: EventKind,
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an order that is {} cannot be {}", self.status.as_str(), self.event.as_str())
    }
}

impl From<IllegalTransition> for Problem {
    fn from(illegal: IllegalTransition) -> Self {
        Self::conflict(illegal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::OrderStatus::{self, Delivered, Failed, HandedOver, InTransit, Placed};
    use crate::model::EventKind;

    #[test]
    fn each_status_knows_what_may_follow() {
        use EventKind as Event;
        let legal = [
            (Placed, Event::Accepted, HandedOver),
            (Placed, Event::Failed, Failed),
            (HandedOver, Event::Accepted, HandedOver),
            (HandedOver, Event::PickedUp, InTransit),
            (HandedOver, Event::Failed, Failed),
            (InTransit, Event::InTransit, InTransit),
            (InTransit, Event::Delivered, Delivered),
            (InTransit, Event::Failed, Failed),
        ];
        for status in OrderStatus::ALL {
            for event in EventKind::ALL {
                let expected = legal.iter().find(|(from, kind, _)| (*from, *kind) == (status, event));
                assert_eq!(status.after(event).ok(), expected.map(|(_, _, to)| *to), "{status:?} after {event:?}");
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::try_from(status.as_str()), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
