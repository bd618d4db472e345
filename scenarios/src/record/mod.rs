//! What happened: the logs of the companies, what the tester did itself, and how the scenarios went.

pub(crate) mod evidence;
pub(crate) mod journal;
pub(crate) mod log;
pub(crate) mod needles;
pub(crate) mod outcome;
pub(crate) mod scribe;
pub(crate) mod writers;
