//! Limits, with a clock that is moved by hand.

mod limiter;
mod lines;
