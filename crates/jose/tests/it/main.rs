//! Tokens against the independent half of josekit, and against single defects.

mod defects;
mod differential;
mod key_sets;
