use super::EventKind;
use bridge_business::Mismatch;
use bridge_validator::Problem;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// How far a shipment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// Asked for; what is in it is not known yet.
    Created,
    /// The carrier knows what is in it and has taken the job.
    Accepted,
    /// The carrier has the goods.
    PickedUp,
    /// The goods are on their way.
    InTransit,
    /// The customer has the goods.
    Delivered,
    /// The goods will not arrive.
    Failed,
}

impl ShipmentStatus {
    const ALL: [Self; 6] =
        [Self::Created, Self::Accepted, Self::PickedUp, Self::InTransit, Self::Delivered, Self::Failed];

    /// The status after something happened.
    ///
    /// # Errors
    /// [`IllegalTransition`] when that cannot have happened now, for instance after the end.
    pub fn after(self, event: EventKind) -> Result<Self, IllegalTransition> {
        match (self, event) {
            (Self::Created, EventKind::Accepted) => Ok(Self::Accepted),
            (Self::Accepted, EventKind::PickedUp) => Ok(Self::PickedUp),
            (Self::PickedUp | Self::InTransit, EventKind::InTransit) => Ok(Self::InTransit),
            (Self::PickedUp | Self::InTransit, EventKind::Delivered) => Ok(Self::Delivered),
            (Self::Accepted | Self::PickedUp | Self::InTransit, EventKind::Failed) => Ok(Self::Failed),
            _ => Err(IllegalTransition { status: self, event }),
        }
    }

    /// Its name in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Accepted => "accepted",
            Self::PickedUp => "picked_up",
            Self::InTransit => "in_transit",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl TryFrom<&str> for ShipmentStatus {
    type Error = Mismatch;

    fn try_from(text: &str) -> Result<Self, Mismatch> {
        let known = Self::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| Mismatch::new("a status of a shipment", text))
    }
}

/// An event that does not go with the status of the shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IllegalTransition {
    status: ShipmentStatus,
    event: EventKind,
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a shipment that is {} cannot be {}", self.status.as_str(), self.event.as_str())
    }
}

impl From<IllegalTransition> for Problem {
    fn from(illegal: IllegalTransition) -> Self {
        Self::conflict(illegal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::ShipmentStatus::{self, Accepted, Created, Delivered, Failed, InTransit, PickedUp};
    use crate::model::EventKind;

    #[test]
    fn each_status_knows_what_may_follow() {
        use EventKind as Event;
        let legal = [
            (Created, Event::Accepted, Accepted),
            (Accepted, Event::PickedUp, PickedUp),
            (Accepted, Event::Failed, Failed),
            (PickedUp, Event::InTransit, InTransit),
            (PickedUp, Event::Delivered, Delivered),
            (PickedUp, Event::Failed, Failed),
            (InTransit, Event::InTransit, InTransit),
            (InTransit, Event::Delivered, Delivered),
            (InTransit, Event::Failed, Failed),
        ];
        for status in ShipmentStatus::ALL {
            for event in EventKind::ALL {
                let expected = legal.iter().find(|(from, kind, _)| (*from, *kind) == (status, event));
                assert_eq!(status.after(event).ok(), expected.map(|(_, _, to)| *to), "{status:?} after {event:?}");
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for status in ShipmentStatus::ALL {
            assert_eq!(ShipmentStatus::try_from(status.as_str()), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
