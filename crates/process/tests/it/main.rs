//! What every process has, seen from outside of a process.

mod panics;
