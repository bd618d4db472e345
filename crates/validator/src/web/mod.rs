//! The validator in front of actix-web handlers.

mod answer;
mod authorized;
mod bearer;
mod bounds;
mod correlation;
mod gate;
mod guarded;
mod metadata;
mod problem;
mod record;

pub use authorized::AccessDenied;
pub use bounds::RequestLimits;
pub use correlation::{CORRELATION_HEADER, correlate, correlation_id};
pub use gate::Gate;
pub use guarded::{GuardedRoutes, ScopeFirst, guarded};
pub use metadata::ResourceMetadata;
pub use problem::{FieldError, Problem};
