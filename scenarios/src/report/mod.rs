//! The report of a run: one page for people, and JUnit XML and JSON for tools.

mod contents;
mod diagram;
mod lane;
mod message;
mod page;
mod refusal;
mod story;

use crate::error::CannotRun;
use crate::record::journal::Journal;
use crate::record::outcome::Outcome;
use askama::Template;
use page::Page;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const NAMES: [&str; 4] = ["index.html", "report.json", "junit.xml", "cucumber.json"];

/// The files of one report.
#[derive(Debug)]
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    /// Makes the directory of the report. A report that is there already goes, so that nobody takes it for the new one.
    pub(crate) fn create(directory: &Path) -> Result<Self, CannotRun> {
        fs::create_dir_all(directory).map_err(CannotRun::system(format!("make {}", directory.display())))?;
        let files = Self { directory: directory.to_owned() };
        files.discard();
        Ok(files)
    }

    /// Removes whatever there is of the report.
    pub(crate) fn discard(&self) {
        // A file that is not there needs no removing, and one that cannot be removed cannot be written either.
        for name in NAMES {
            drop(fs::remove_file(self.directory.join(name)));
        }
    }

    /// The page for people.
    pub(crate) fn page(&self) -> PathBuf {
        self.directory.join("index.html")
    }

    /// An empty file for JUnit XML.
    pub(crate) fn junit(&self) -> Result<File, CannotRun> {
        create(&self.directory.join("junit.xml"))
    }

    /// An empty file for the JSON that other Cucumber tools read.
    pub(crate) fn cucumber(&self) -> Result<File, CannotRun> {
        create(&self.directory.join("cucumber.json"))
    }
}

fn create(path: &Path) -> Result<File, CannotRun> {
    File::create(path).map_err(CannotRun::system(format!("write {}", path.display())))
}

/// Writes the page and its JSON form. No file of the report may hold a token: one that does is removed, and the run
/// counts as not done.
pub(crate) fn write(files: &Files, outcome: &Outcome, journal: &Journal) -> Result<(), CannotRun> {
    let page = Page::new(outcome, journal.tokens_seen());
    let json = serde_json::to_string_pretty(&page).map_err(|error| CannotRun::Tester(error.to_string()))?;
    let write = |name: &str, text: &str| {
        let path = files.directory.join(name);
        fs::write(&path, text).map_err(CannotRun::system(format!("write {}", path.display())))
    };
    write("index.html", &page.render()?)?;
    write("report.json", &json)?;
    NAMES.iter().try_for_each(|name| without_tokens(&files.directory.join(name), journal))
}

fn without_tokens(path: &Path, journal: &Journal) -> Result<(), CannotRun> {
    let text = fs::read_to_string(path).map_err(CannotRun::system(format!("read {}", path.display())))?;
    let leaked = journal.tokens_in(&text);
    if leaked.is_empty() {
        return Ok(());
    }
    fs::remove_file(path).map_err(CannotRun::system(format!("remove {}", path.display())))?;
    let problem = format!("{} held tokens ({}) and was removed", path.display(), leaked.join(", "));
    Err(CannotRun::Request(problem))
}
