//! The files that come with a local network: faults and names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::ons::Name;
use ramson_types::AccountId;
use toml::Spanned;

use crate::cli::LocalnetArgs;
use crate::error::Failure;

/// What they say.
pub(super) struct Files {
    pub(super) faults: Option<FaultsFile>,
    pub(super) names: BTreeMap<Name, AccountId>,
}

impl Files {
    pub(super) fn read(args: &LocalnetArgs) -> Result<Self, Failure> {
        let faults = match &args.faults {
            Some(path) => Some(faults(path)?.1),
            None => None,
        };
        let names = match &args.names {
            Some(path) => names(path)?,
            None => BTreeMap::new(),
        };
        Ok(Self { faults, names })
    }
}

/// A faults file's text, and what it says.
pub(super) fn faults(path: &Path) -> Result<(String, FaultsFile), Failure> {
    let text = text(path)?;
    let invalid = |reason: String| Failure::InvalidFile { path: path.to_owned(), reason };
    let faults = FaultsFile::parse(&text).map_err(|error| invalid(error.to_string()))?;
    Ok((text, faults))
}

fn names(path: &Path) -> Result<BTreeMap<Name, AccountId>, Failure> {
    read_names(&text(path)?)
        .map_err(|reason| Failure::InvalidFile { path: path.to_owned(), reason })
}

fn read_names(text: &str) -> Result<BTreeMap<Name, AccountId>, String> {
    let line = |at: usize| {
        let before = text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    };
    let raw: BTreeMap<Spanned<String>, Spanned<String>> =
        toml::from_str(text).map_err(|error| {
            let line = line(error.span().map_or(0, |span| span.start));
            format!("line {line}: {}; lines such as example = \"05…\" are meant", error.message())
        })?;
    let pair = |(name, id): (Spanned<String>, Spanned<String>)| {
        let at = |span: std::ops::Range<usize>, error: &dyn std::fmt::Display| {
            format!("line {}: {error}", line(span.start))
        };
        let read: Name = name.get_ref().parse().map_err(|error| at(name.span(), &error))?;
        let account =
            AccountId::parse_account(id.get_ref()).map_err(|error| at(id.span(), &error))?;
        Ok((read, account))
    };
    raw.into_iter().map(pair).collect()
}

fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_the_line_of_what_is_wrong() {
        let id = format!("05{}", "ab".repeat(32));
        let names = read_names(&format!("# people\nExample = '{id}'\nother-one = '{id}'")).unwrap();
        let names: Vec<_> =
            names.iter().map(|(name, id)| (name.as_str(), id.to_string())).collect();
        assert_eq!(names, [("example", id.clone()), ("other-one", id.clone())]);
        assert!(read_names("").unwrap().is_empty());
        for (text, said) in [
            (format!("a = '{id}'\nb = 7"), "line 2: invalid type"),
            (format!("a = '{id}'\n\n-b = '{id}'"), "line 3: '-b' is not a name"),
            ("a = '05ab'".to_owned(), "line 1: Account ID '05ab'"),
            (format!("a = '{id}'\na = '{id}'"), "line 2: duplicate key"),
            ("a".to_owned(), "line 1: "),
        ] {
            let error = read_names(&text).unwrap_err();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
