//! Reading the file's text, with errors that quote line and value.

use std::ops::Range;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::values::{
    every, groups, millionths, milliseconds, node_fault, nodes, offset, refusal, request_fault,
    seconds, status, targets,
};
use super::{AskedBy, Fault, FaultRule, FaultsFile, NodeFault, RequestFault, WhichRequests};

/// The longest faults file that is read, in bytes.
pub const MAX_FAULTS_FILE: usize = 256 * 1024;

/// So much of a value is quoted, in characters.
const LONGEST_QUOTE: usize = 60;

/// What is wrong with a faults file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsFileError {
    /// Not TOML, an unknown key, or a value of another kind than expected.
    #[error("line {line} of the faults file: {reason}")]
    Toml {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A value that means nothing.
    #[error("line {line} of the faults file: {key} = {value} means nothing here; {expected}")]
    Value {
        /// Line, counted from 1.
        line: usize,
        /// Of which key.
        key: &'static str,
        /// As it stands in the file.
        value: String,
        /// What can stand there.
        expected: &'static str,
    },
    /// A rule lacks something.
    #[error("line {line} of the faults file: a rule with fault = \"{fault}\" needs {key}")]
    Missing {
        /// Where the rule begins, counted from 1.
        line: usize,
        /// Its fault.
        fault: String,
        /// What it lacks.
        key: &'static str,
    },
    /// A rule has something that does not belong to it.
    #[error(
        "line {line} of the faults file: {key} does not go with fault = \"{fault}\"; {instead}"
    )]
    Unfit {
        /// Line, counted from 1.
        line: usize,
        /// Its fault.
        fault: String,
        /// What does not belong.
        key: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// Longer than any file of this kind.
    #[error("the faults file has {bytes} bytes; {MAX_FAULTS_FILE} are read at most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    seed: Option<Spanned<u64>>,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Option<String>,
    fault: Spanned<String>,
    nodes: Option<Spanned<Value>>,
    groups: Option<Spanned<Value>>,
    asked_by: Option<Spanned<String>>,
    every: Option<Spanned<Value>>,
    probability: Option<Spanned<Value>>,
    from: Option<Spanned<Value>>,
    until: Option<Spanned<Value>>,
    ms: Option<Spanned<Value>>,
    status: Option<Spanned<Value>>,
}

const TARGETS: &str = "a node is its number from 0, and others are \"all\", \"swarm 0\", \"seed\", \
                       \"file server\", or a list of these";
const NODES_ONLY: &str =
    "nodes are meant: numbers from 0, \"all\", \"swarm 0\", or a list of these";
const FAULTS: &str = "requests can be \"refused\", \"hang\", \"reset\", \"answer lost\", \"late\", \
                      \"truncated\", \"garbage\" or \"status\", and nodes can be \"down\", \
                      \"wrong clock\", \"lies about its swarm\", \"forgets last_hash\", \
                      \"wrong signatures\", \"withholds messages\", \"loses messages\", \
                      \"refuses stores\", \"refuses retrieves\", \"misdirects\", \
                      \"not ready\", \"slow\", \"foreign messages\", \"oversized answers\", \"dripping\", \"endless\" or \
                      \"partition\"";
const SECONDS: &str = "seconds after the start are meant, from 0 to a year";
const ENDS_LATER: &str = "a rule ends after it began";
const MILLISECONDS: &str = "whole milliseconds are meant, from 1 to a year";
const OFFSET: &str = "whole milliseconds are meant, up to a year ahead or, below 0, behind";
const STATUS: &str = "an HTTP status is meant, 200 to 599";
const REFUSAL: &str = "an HTTP status is meant that refuses, 400 to 599";
const EVERY: &str = "every n-th request is meant, from 1";
const PROBABILITY: &str = "a part of 1 is meant, from 0.000001 to 1";
const ASKED_BY: &str = "\"clients\" or \"nodes\" can be meant; left out, both are";
const SEED: &str = "a whole number from 0 to 9223372036854775807 is meant";
const GROUPS: &str = "at least two lists of nodes are meant, such as [[0, 1], [2, \"swarm 1\"]]";

impl FaultsFile {
    /// Reads a faults file.
    pub fn parse(text: &str) -> Result<Self, FaultsFileError> {
        if text.len() > MAX_FAULTS_FILE {
            return Err(FaultsFileError::TooLong { bytes: text.len() });
        }
        let reader = Reader { text };
        let raw: Raw = toml::from_str(text).map_err(|error| FaultsFileError::Toml {
            line: reader.line(error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
        let rules = raw.rule.into_iter().map(|rule| reader.rule(rule)).collect::<Result<_, _>>()?;
        let seed = match raw.seed {
            None => 0,
            Some(seed) if i64::try_from(*seed.get_ref()).is_ok() => seed.into_inner(),
            Some(seed) => return Err(reader.value(&seed, "seed", SEED)),
        };
        Ok(Self { seed, rules })
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
    }

    fn rule(&self, rule: Spanned<RawRule>) -> Result<FaultRule, FaultsFileError> {
        let line = self.line(rule.span().start);
        let raw = rule.into_inner();
        let name = raw.fault.get_ref().clone();
        let missing = |key| FaultsFileError::Missing { line, fault: name.clone(), key };
        let from = self.read(&raw.from, "from", SECONDS, seconds)?.unwrap_or_default();
        let until = self.read(&raw.until, "until", SECONDS, seconds)?;
        if let (Some(at), true) = (&raw.until, until.is_some_and(|until| until <= from)) {
            return Err(self.value(at, "until", ENDS_LATER));
        }
        let for_ms = || self.read(&raw.ms, "ms", MILLISECONDS, milliseconds)?.ok_or(missing("ms"));
        let refusal =
            || self.read(&raw.status, "status", REFUSAL, refusal)?.ok_or(missing("status"));
        let fault = if let Some(fault) = request_fault(&name) {
            let fault = match fault {
                RequestFault::Late(_) => RequestFault::Late(for_ms()?),
                RequestFault::Status(_) => {
                    let status = self.read(&raw.status, "status", STATUS, status)?;
                    RequestFault::Status(status.ok_or(missing("status"))?)
                }
                other => other,
            };
            Fault::Request {
                fault,
                to: self.read(&raw.nodes, "nodes", TARGETS, targets)?.ok_or(missing("nodes"))?,
                asked_by: self.asked_by(&raw)?,
                which: self.which(&raw)?,
            }
        } else if let Some(fault) = node_fault(&name) {
            let fault = match fault {
                NodeFault::Slow(_) => NodeFault::Slow(for_ms()?),
                NodeFault::WrongClock(_) => {
                    let offset = self.read(&raw.ms, "ms", OFFSET, offset)?;
                    NodeFault::WrongClock(offset.ok_or(missing("ms"))?)
                }
                NodeFault::RefusesStores(_) => NodeFault::RefusesStores(refusal()?),
                NodeFault::RefusesRetrieves(_) => NodeFault::RefusesRetrieves(refusal()?),
                other => other,
            };
            let nodes = self.read(&raw.nodes, "nodes", NODES_ONLY, nodes)?;
            Fault::Node { fault, nodes: nodes.ok_or(missing("nodes"))? }
        } else if name == "partition" {
            let groups = self.read(&raw.groups, "groups", GROUPS, groups)?;
            Fault::Partition { groups: groups.ok_or(missing("groups"))? }
        } else {
            return Err(self.value(&raw.fault, "fault", FAULTS));
        };
        self.nothing_else(&raw, &fault)?;
        Ok(FaultRule { name: raw.name, from, until, fault })
    }

    /// Keys that the fault has no use for are mistakes.
    fn nothing_else(&self, raw: &RawRule, fault: &Fault) -> Result<(), FaultsFileError> {
        const FOR_REQUESTS: &str =
            "it strikes requests one by one, and this fault lasts from 'from' to 'until'";
        const OWN: &str = "leave it out";
        let request = matches!(fault, Fault::Request { .. });
        let ms = matches!(
            fault,
            Fault::Request { fault: RequestFault::Late(_), .. }
                | Fault::Node { fault: NodeFault::Slow(_) | NodeFault::WrongClock(_), .. }
        );
        let status = matches!(
            fault,
            Fault::Request { fault: RequestFault::Status(_), .. }
                | Fault::Node {
                    fault: NodeFault::RefusesStores(_) | NodeFault::RefusesRetrieves(_),
                    ..
                }
        );
        let partition = matches!(fault, Fault::Partition { .. });
        let start = |value: &Option<Spanned<Value>>| value.as_ref().map(|value| value.span().start);
        let asked_by = raw.asked_by.as_ref().map(|value| value.span().start);
        for (key, at, fits, instead) in [
            ("every", start(&raw.every), request, FOR_REQUESTS),
            ("probability", start(&raw.probability), request, FOR_REQUESTS),
            ("asked_by", asked_by, request, FOR_REQUESTS),
            ("ms", start(&raw.ms), ms, OWN),
            ("status", start(&raw.status), status, OWN),
            ("nodes", start(&raw.nodes), !partition, "say 'groups'"),
            ("groups", start(&raw.groups), partition, "say 'nodes'"),
        ] {
            if let (Some(at), false) = (at, fits) {
                let fault = raw.fault.get_ref().clone();
                return Err(FaultsFileError::Unfit { line: self.line(at), fault, key, instead });
            }
        }
        Ok(())
    }

    fn asked_by(&self, raw: &RawRule) -> Result<AskedBy, FaultsFileError> {
        let Some(asked_by) = &raw.asked_by else { return Ok(AskedBy::Anybody) };
        match asked_by.get_ref().as_str() {
            "clients" => Ok(AskedBy::Clients),
            "nodes" => Ok(AskedBy::Nodes),
            _ => Err(self.value(asked_by, "asked_by", ASKED_BY)),
        }
    }

    fn which(&self, raw: &RawRule) -> Result<WhichRequests, FaultsFileError> {
        let every = self.read(&raw.every, "every", EVERY, every)?;
        let millionths = self.read(&raw.probability, "probability", PROBABILITY, millionths)?;
        match (every, millionths) {
            (None, None) => Ok(WhichRequests::All),
            (Some(every), None) => Ok(WhichRequests::Every(every)),
            (None, Some(millionths)) => Ok(WhichRequests::Millionths(millionths)),
            (Some(_), Some(_)) => Err(FaultsFileError::Unfit {
                line: self.line(raw.every.as_ref().map_or(0, |every| every.span().start)),
                fault: raw.fault.get_ref().clone(),
                key: "every",
                instead: "the rule has a probability; give one of the two",
            }),
        }
    }

    fn read<T>(
        &self,
        value: &Option<Spanned<Value>>,
        key: &'static str,
        expected: &'static str,
        read: fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, FaultsFileError> {
        let Some(value) = value else { return Ok(None) };
        match read(value.get_ref()) {
            Some(read) => Ok(Some(read)),
            None => Err(self.value(value, key, expected)),
        }
    }

    fn value<T>(
        &self,
        value: &Spanned<T>,
        key: &'static str,
        expected: &'static str,
    ) -> FaultsFileError {
        let at = value.span().start;
        let value = self.quote(value.span());
        FaultsFileError::Value { line: self.line(at), key, value, expected }
    }

    /// As it stands in the file; of something long, the beginning.
    fn quote(&self, span: Range<usize>) -> String {
        let text = self.text.get(span).unwrap_or_default();
        match text.char_indices().nth(LONGEST_QUOTE) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text.to_owned(),
        }
    }
}
