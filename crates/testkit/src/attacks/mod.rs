//! The attack corpus: requests with exactly one defect each, made from otherwise valid ones, and what they deserve.
//!
//! A [`World`] has the keys and says what the target was told ([`Policy`]); [`resource_server`] and [`token_endpoint`]
//! list the cases; [`Case::forge`] makes the request of one case for one moment, so that tokens which are about to
//! expire are made when they are fired. [`judge`] says what is wrong with an answer.
//!
//! The same tables run in process, over the network (`scenarios attack`) and as committed vectors
//! (`scenarios/attacks/`).

mod answer;
mod case;
mod code;
mod kinds;
mod leak;
mod policy;
mod public_key;
pub mod resource_server;
mod spell;
mod table;
pub mod token_endpoint;
mod variants;
pub mod vectors;
mod world;

pub use answer::{Answer, Fault, Strictness, Yardstick, judge};
pub use case::{Basis, Body, Case, Expected, Request};
pub use code::{Challenge, Code};
pub use kinds::Kind;
pub use policy::{Foreign, Policy};
pub use world::{Face, Ring, Stage, World};
