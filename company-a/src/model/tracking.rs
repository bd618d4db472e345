use bridge_business::{Check, ItemId, Moment, Parse, Text, named_words};
use bridge_validator::Principal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

named_words! {
    /// What happened to a shipment, in the carrier's words.
    EventKind {
        /// The carrier has taken the job.
        Accepted = "accepted",
        /// The carrier has the goods.
        PickedUp = "picked_up",
        /// The goods passed a place on their way.
        InTransit = "in_transit",
        /// The customer has the goods.
        Delivered = "delivered",
        /// The goods will not arrive.
        Failed = "failed",
    }
}

/// A report of a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTrackingEvent {
    pub(crate) event_id: Text<64>,
    pub(crate) kind: EventKind,
    pub(crate) note: Option<Text<200>>,
    pub(crate) occurred_at: Timestamp,
}

/// A report on the wire.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTrackingEvent)]
pub struct TrackingEventBody {
    /// What the carrier calls it. A report with the same id is applied once, whenever it comes again.
    #[schema(min_length = 1, max_length = 64, example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub event_id: String,
    /// What happened.
    #[schema(value_type = EventKind)]
    pub kind: String,
    /// More about it, for people.
    #[schema(min_length = 1, max_length = 200, example = "Heidelberg depot")]
    pub note: Option<String>,
    /// When it happened, by the carrier's clock.
    #[schema(format = DateTime)]
    pub occurred_at: String,
}

/// A report as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrackingEvent {
    /// Its name here.
    #[schema(value_type = String, format = Uuid)]
    pub(crate) id: ItemId,
    /// What the carrier calls it.
    #[schema(value_type = String)]
    pub(crate) event_id: Text<64>,
    /// Who reported it: a partner, by its name here at that time.
    pub(crate) reported_by: String,
    /// The partner's issuer, which is what it is known by.
    #[serde(skip)]
    pub(crate) reporter_issuer: String,
    /// What happened.
    pub(crate) kind: EventKind,
    /// More about it, for people.
    #[schema(value_type = Option<String>)]
    pub(crate) note: Option<Text<200>>,
    /// When it happened, by the carrier's clock.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) occurred_at: Timestamp,
    /// When it was received, by our clock.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) received_at: Timestamp,
}

impl TrackingEvent {
    /// A report that is received now.
    pub(crate) fn receive(new: NewTrackingEvent, reporter: Principal<'_>, now: Timestamp) -> Self {
        let NewTrackingEvent { event_id, kind, note, occurred_at } = new;
        let (reported_by, reporter_issuer) = (reporter.partner.to_owned(), reporter.issuer.to_string());
        Self { id: ItemId::new(), event_id, reported_by, reporter_issuer, kind, note, occurred_at, received_at: now }
    }
}

impl Parse for NewTrackingEvent {
    type Wire = TrackingEventBody;

    fn parse(wire: TrackingEventBody, check: &mut Check) -> Option<Self> {
        let event_id = check.value("event_id", wire.event_id);
        let kind = check.value("kind", wire.kind);
        let note = check.optional("note", wire.note);
        let occurred_at = check.value::<_, Moment>("occurred_at", wire.occurred_at);
        Some(Self { event_id: event_id?, kind: kind?, note: note?, occurred_at: occurred_at?.timestamp() })
    }
}
