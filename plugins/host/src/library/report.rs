//! Everything that is wrong with a library, at once.

use std::fmt;
use std::path::{Path, PathBuf};

use super::descriptor::{self, Contents, Descriptor, Raw};
use super::find::{NO_NAME, name_of};
use super::load::Unresolved;

/// What [`check`](crate::check) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The library.
    pub path: PathBuf,
    /// What it says of itself, where that could be read.
    pub descriptor: Option<Descriptor>,
    /// Why it would not be loaded; nothing if it would be.
    pub problems: Vec<String>,
    /// What is worth knowing and no hindrance.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether the library would be loaded.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.path.display())?;
        if let Some(it) = &self.descriptor {
            let kind = if it.ui { "a user interface" } else { "no user interface" };
            writeln!(f, "  {} {} ({})", it.title, it.version, it.id)?;
            writeln!(f, "  {kind}, plugin ABI {}.{}", it.abi.0, it.abi.1)?;
            writeln!(f, "  hears of: {}", it.topics)?;
            writeln!(f, "  asks for: {}", it.grants)?;
        }
        for problem in &self.problems {
            writeln!(f, "  problem: {problem}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        match self.problems.len() {
            0 => write!(f, "  it can be loaded"),
            1 => write!(f, "  1 problem"),
            problems => write!(f, "  {problems} problems"),
        }
    }
}

/// Libraries of other systems are mapped to be read, which runs their
/// constructors.
const IS_ELF: bool = cfg!(not(any(target_vendor = "apple", windows)));

fn contents(path: &Path) -> Result<Contents, String> {
    if IS_ELF { super::elf::read(path) } else { super::load::read_mapped(path) }
}

/// Everything that is wrong with a library, without running it.
pub(crate) fn check(path: &Path) -> Report {
    let mut report =
        Report { path: path.to_owned(), descriptor: None, problems: Vec::new(), notes: Vec::new() };
    match contents(path) {
        Err(problem) => report.problems.push(problem),
        Ok(read) => {
            let judged = descriptor::judge(&read.raw);
            report.descriptor = judged.descriptor;
            report.problems = judged.problems;
            report.notes = judged.notes;
            if !read.needs.is_empty() {
                report.notes.push(format!("needs {}", read.needs.join(", ")));
            }
            match super::load::unresolved(&read.needs, &read.imports) {
                Some(Unresolved::Nowhere(text)) => report.problems.push(text),
                Some(Unresolved::NotHere(text)) => report.notes.push(text),
                None => {}
            }
            let real = path.canonicalize().ok();
            if name_of(path).or_else(|| name_of(&real?)).is_none() {
                report.problems.push(NO_NAME.to_owned());
            }
        }
    }
    report
}

/// The descriptor of a library that would be loaded, or why it would not be.
pub(crate) fn read(path: &Path) -> Result<Descriptor, String> {
    read_raw(path).map(|(descriptor, _)| descriptor)
}

pub(super) fn read_raw(path: &Path) -> Result<(Descriptor, Raw), String> {
    let raw = contents(path)?.raw;
    understand(&raw).map(|descriptor| (descriptor, raw))
}

/// What a descriptor means, or the first thing that is wrong with it.
pub(super) fn understand(raw: &Raw) -> Result<Descriptor, String> {
    let judged = descriptor::judge(raw);
    let first = judged.problems.into_iter().next();
    match (judged.descriptor, first) {
        (Some(descriptor), None) => Ok(descriptor),
        (_, problem) => Err(problem.unwrap_or_else(|| "its descriptor is wrong".to_owned())),
    }
}
