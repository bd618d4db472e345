//! The partner mirror: what one company tells a partner about how it sees that partner, and the reading of it.

mod ask;
mod view;

pub(crate) use ask::ask;
pub(crate) use view::{MirrorView, RefreshOutcome};

/// Where the mirror is, below the URL of an API.
pub(crate) const PATH: &str = "/bridge/mirror";

/// What reading it requires.
pub(crate) const SCOPE: &str = "bridge.mirror:read";
