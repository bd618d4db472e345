//! A small company to test with, and the files it is made of.

mod application;
mod directory;
mod run;
mod stand;

pub(crate) use application::Notes;
pub(crate) use directory::Directory;
pub(crate) use run::{Captured, Outcome, run, run_beside, run_beside_with};
pub(crate) use stand::{LOOPBACK, Stand, eventually, start};
