use super::EventKind;
use bridge_business::{IllegalTransition, named_words};

named_words! {
    /// How far an order is.
    OrderStatus {
        /// The customer ordered; the carrier need not know yet.
        Placed = "placed",
        /// The carrier has taken the job.
        HandedOver = "handed_over",
        /// The goods are on their way.
        InTransit = "in_transit",
        /// The customer has the goods.
        Delivered = "delivered",
        /// The goods will not arrive.
        Failed = "failed",
    }
}

impl OrderStatus {
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
            _ => Err(IllegalTransition::new("an order", self.as_str(), event.as_str())),
        }
    }

    /// The status once the carrier has made a shipment. Its report may have come before its answer.
    #[must_use]
    pub fn shipped(self) -> Self {
        if self == Self::Placed { Self::HandedOver } else { self }
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
        for &status in OrderStatus::ALL {
            for &event in EventKind::ALL {
                let expected = legal.iter().find(|(from, kind, _)| (*from, *kind) == (status, event));
                assert_eq!(status.after(event).ok(), expected.map(|(_, _, to)| *to), "{status:?} after {event:?}");
            }
        }
    }
}
