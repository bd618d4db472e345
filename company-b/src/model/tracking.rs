use bridge_business::{Check, ItemId, Mismatch, Parse, Text, named_words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

named_words! {
    /// What happens to a shipment.
    EventKind {
        /// The carrier has taken the job. Only the carrier's own program says so, once it has read the order.
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

/// An event that a depot may report: any but the acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reportable(EventKind);

impl TryFrom<String> for Reportable {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let kind = EventKind::try_from(text.as_str()).ok().filter(|kind| *kind != EventKind::Accepted);
        let expected = "one of picked_up, in_transit, delivered, failed";
        kind.map(Self).ok_or_else(|| Mismatch::new(expected, format_args!("\"{text}\"")))
    }
}

/// Something that a depot reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub(crate) kind: EventKind,
    pub(crate) note: Option<Text<200>>,
}

/// A depot's report on the wire.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEvent)]
pub struct EventBody {
    /// What happened: anything but `accepted`.
    #[schema(value_type = EventKind)]
    pub kind: String,
    /// More about it, for people.
    #[schema(min_length = 1, max_length = 200, example = "Heidelberg depot")]
    pub note: Option<String>,
}

/// Something that happened to a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// Its name.
    #[schema(value_type = String, format = Uuid)]
    pub(crate) id: ItemId,
    /// What happened.
    pub(crate) kind: EventKind,
    /// More about it, for people.
    #[schema(value_type = Option<String>)]
    pub(crate) note: Option<Text<200>>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) occurred_at: Timestamp,
}

impl Event {
    /// Something that happens now.
    pub(crate) fn happen(new: NewEvent, now: Timestamp) -> Self {
        Self { id: ItemId::new(), kind: new.kind, note: new.note, occurred_at: now }
    }
}

impl Parse for NewEvent {
    type Wire = EventBody;

    fn parse(wire: EventBody, check: &mut Check) -> Option<Self> {
        let kind = check.value::<_, Reportable>("kind", wire.kind);
        let note = check.optional("note", wire.note);
        Some(Self { kind: kind?.0, note: note? })
    }
}
