use crate::Mismatch;
use crate::structure;
use bridge_validator::{FieldError, Problem};
use serde::de::DeserializeOwned;
use std::fmt::{Display, Write};
use std::ops::RangeInclusive;

/// More defects than this are not listed: the caller has enough to do.
const MOST: usize = 100;

/// Something that is made from JSON only if all of it is right.
pub trait Parse: Sized {
    /// Its form on the wire: names and JSON types, with `deny_unknown_fields`.
    type Wire: DeserializeOwned;

    /// Makes it from the wire form. `None` when something is wrong, which the check has noted.
    fn parse(wire: Self::Wire, check: &mut Check) -> Option<Self>;
}

/// Parses a JSON document.
///
/// # Errors
/// 422 with the defects: one if the document does not have the form of the wire type, else every wrong value in it.
pub fn parse_json<T: Parse>(json: &[u8]) -> Result<T, Problem> {
    find_defects(json).map_err(Problem::validation_failed)
}

pub(crate) fn find_defects<T: Parse>(json: &[u8]) -> Result<T, Vec<FieldError>> {
    parse_wire(structure::read(json).map_err(|defect| vec![defect])?)
}

/// Makes something from its wire form, for documents that are not requests.
///
/// # Errors
/// Every wrong value.
pub fn parse_wire<T: Parse>(wire: T::Wire) -> Result<T, Vec<FieldError>> {
    let mut check = Check::default();
    T::parse(wire, &mut check).ok_or(check.defects)
}

/// Notes every defect of a document instead of stopping at the first.
#[derive(Debug, Default)]
pub struct Check {
    at: String,
    defects: Vec<FieldError>,
}

impl Check {
    /// A single value.
    pub fn value<W, T: TryFrom<W, Error = Mismatch>>(&mut self, member: &str, value: W) -> Option<T> {
        T::try_from(value).map_err(|mismatch| self.refuse(member, &mismatch)).ok()
    }

    /// A single value that may be absent. `None` when it is there and wrong.
    pub fn optional<W, T: TryFrom<W, Error = Mismatch>>(
        &mut self,
        member: &str,
        value: Option<W>,
    ) -> Option<Option<T>> {
        value.map_or(Some(None), |value| self.value(member, value).map(Some))
    }

    /// An object.
    pub fn part<T: Parse>(&mut self, member: impl Display, wire: T::Wire) -> Option<T> {
        let parent = self.at.len();
        // Writing to a string cannot fail.
        let _ = write!(self.at, "/{member}");
        let part = T::parse(wire, self);
        self.at.truncate(parent);
        part
    }

    /// The items of the array that is being parsed.
    pub fn items<T: Parse>(&mut self, count: &RangeInclusive<usize>, wires: Vec<T::Wire>) -> Option<Vec<T>> {
        if !count.contains(&wires.len()) {
            let mismatch = Mismatch::new(format!("{} to {} items", count.start(), count.end()), wires.len());
            self.note(mismatch.at(self.at.clone()));
            return None;
        }
        let items: Vec<_> = wires.into_iter().enumerate().map(|(index, wire)| self.part(index, wire)).collect();
        items.into_iter().collect()
    }

    /// Notes a defect of a member.
    pub fn refuse(&mut self, member: &str, mismatch: &Mismatch) {
        self.note(mismatch.at(format!("{}/{member}", self.at)));
    }

    fn note(&mut self, defect: FieldError) {
        if self.defects.len() < MOST {
            self.defects.push(defect);
        }
    }
}
