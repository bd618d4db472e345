//! Writes the attack vectors again: `cargo run -p bridge-testkit --example vectors`.
//!
//! Keys and signatures that are there are kept, so that only what changed in the corpus changes in the files.

use bridge_testkit::Pen;
use bridge_testkit::attacks::vectors::{self, Keys};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/attacks"));
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
    let keys: Keys = match read("keys.json") {
        Some(text) => serde_json::from_str(&text)?,
        None => vectors::new_keys(),
    };
    let signatures: BTreeMap<String, String> = match read("signatures.json") {
        Some(text) => serde_json::from_str(&text)?,
        None => BTreeMap::new(),
    };
    let pen = Pen::remembering(signatures);
    let files = vectors::files(&keys, &pen);
    let write = |name: &str, text: String| std::fs::write(directory.join(name), text);
    write("keys.json", serde_json::to_string_pretty(&keys)? + "\n")?;
    write("signatures.json", serde_json::to_string_pretty(&pen.used())? + "\n")?;
    files.into_iter().try_for_each(|(name, text)| write(&name, text))?;
    Ok(())
}
