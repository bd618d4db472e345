use super::EventKind;
use bridge_business::{IllegalTransition, named_words};

named_words! {
    /// How far a shipment is.
    ShipmentStatus {
        /// Asked for; what is in it is not known yet.
        Created = "created",
        /// The carrier knows what is in it and has taken the job.
        Accepted = "accepted",
        /// The carrier has the goods.
        PickedUp = "picked_up",
        /// The goods are on their way.
        InTransit = "in_transit",
        /// The customer has the goods.
        Delivered = "delivered",
        /// The goods will not arrive.
        Failed = "failed",
    }
}

impl ShipmentStatus {
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
            _ => Err(IllegalTransition::new("a shipment", self.as_str(), event.as_str())),
        }
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
        for &status in ShipmentStatus::ALL {
            for &event in EventKind::ALL {
                let expected = legal.iter().find(|(from, kind, _)| (*from, *kind) == (status, event));
                assert_eq!(status.after(event).ok(), expected.map(|(_, _, to)| *to), "{status:?} after {event:?}");
            }
        }
    }
}
