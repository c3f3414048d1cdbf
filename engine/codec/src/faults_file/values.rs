//! Single values of the file: names of faults, nodes, times, numbers.

use std::time::Duration;

use toml::Value;

use super::{Fault, FaultTarget, NodeFault, RequestFault};

/// The latest that something can begin or end, and the longest that it can
/// take: a year.
const MAX_TIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Requests' faults by their names; numbers are still to be filled in.
const REQUEST_FAULTS: [(&str, RequestFault); 8] = [
    ("refused", RequestFault::Refused),
    ("hang", RequestFault::Hang),
    ("reset", RequestFault::Reset),
    ("answer lost", RequestFault::AnswerLost),
    ("late", RequestFault::Late(Duration::ZERO)),
    ("truncated", RequestFault::Truncated),
    ("garbage", RequestFault::Garbage),
    ("status", RequestFault::Status(0)),
];

/// Nodes' faults by their names; numbers are still to be filled in.
const NODE_FAULTS: [(&str, NodeFault); 16] = [
    ("down", NodeFault::Down),
    ("wrong clock", NodeFault::WrongClock(0)),
    ("lies about its swarm", NodeFault::LiesAboutItsSwarm),
    ("forgets last_hash", NodeFault::ForgetsLastHash),
    ("wrong signatures", NodeFault::WrongSignatures),
    ("withholds messages", NodeFault::WithholdsMessages),
    ("loses messages", NodeFault::LosesMessages),
    ("refuses stores", NodeFault::RefusesStores(0)),
    ("refuses retrieves", NodeFault::RefusesRetrieves(0)),
    ("misdirects", NodeFault::Misdirects),
    ("not ready", NodeFault::NotReady),
    ("slow", NodeFault::Slow(Duration::ZERO)),
    ("foreign messages", NodeFault::ForeignMessages),
    ("oversized answers", NodeFault::OversizedAnswers),
    ("dripping", NodeFault::Dripping),
    ("endless", NodeFault::Endless),
];

pub(super) fn request_fault(name: &str) -> Option<RequestFault> {
    REQUEST_FAULTS.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
}

pub(super) fn node_fault(name: &str) -> Option<NodeFault> {
    NODE_FAULTS.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
}

impl Fault {
    /// Its name in a faults file.
    pub fn name(&self) -> &'static str {
        let same = std::mem::discriminant::<RequestFault>;
        let same_node = std::mem::discriminant::<NodeFault>;
        let found = match self {
            Self::Request { fault, .. } => {
                REQUEST_FAULTS.iter().find(|(_, known)| same(known) == same(fault)).map(|it| it.0)
            }
            Self::Node { fault, .. } => NODE_FAULTS
                .iter()
                .find(|(_, known)| same_node(known) == same_node(fault))
                .map(|it| it.0),
            Self::Partition { .. } => None,
        };
        found.unwrap_or("partition")
    }
}

fn target(value: &Value) -> Option<FaultTarget> {
    match value {
        Value::Integer(number) => u32::try_from(*number).ok().map(FaultTarget::Node),
        Value::String(text) => match text.as_str() {
            "all" => Some(FaultTarget::AllNodes),
            "seed" => Some(FaultTarget::Seed),
            "file server" => Some(FaultTarget::FileServer),
            text => {
                let digits = text.strip_prefix("swarm ")?;
                let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
                digits.parse().ok().filter(|_| plain).map(FaultTarget::Swarm)
            }
        },
        _ => None,
    }
}

pub(super) fn targets(value: &Value) -> Option<Vec<FaultTarget>> {
    match value {
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) => list.iter().map(target).collect(),
        one => target(one).map(|target| vec![target]),
    }
}

pub(super) fn nodes(value: &Value) -> Option<Vec<FaultTarget>> {
    let other =
        |target: &FaultTarget| matches!(target, FaultTarget::Seed | FaultTarget::FileServer);
    targets(value).filter(|targets| !targets.iter().any(other))
}

pub(super) fn groups(value: &Value) -> Option<Vec<Vec<FaultTarget>>> {
    let groups = value.as_array()?;
    let read = |group: &Value| group.is_array().then(|| nodes(group)).flatten();
    if groups.len() < 2 { None } else { groups.iter().map(read).collect() }
}

/// Seconds, with a fraction or without, to the millisecond.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let time = match value {
        Value::Integer(seconds) => Duration::from_secs(u64::try_from(*seconds).ok()?),
        Value::Float(seconds) => {
            let exact = Duration::try_from_secs_f64(*seconds).ok()?;
            let millis = exact.checked_add(Duration::from_micros(500))?.as_millis();
            Duration::from_millis(u64::try_from(millis).ok()?)
        }
        _ => return None,
    };
    (time <= MAX_TIME).then_some(time)
}

pub(super) fn milliseconds(value: &Value) -> Option<Duration> {
    let millis = u64::try_from(value.as_integer()?).ok().filter(|millis| *millis > 0)?;
    Some(Duration::from_millis(millis)).filter(|time| *time <= MAX_TIME)
}

pub(super) fn offset(value: &Value) -> Option<i64> {
    let millis = value.as_integer()?;
    (Duration::from_millis(millis.unsigned_abs()) <= MAX_TIME).then_some(millis)
}

pub(super) fn status(value: &Value) -> Option<u16> {
    u16::try_from(value.as_integer()?).ok().filter(|status| (200..600).contains(status))
}

pub(super) fn refusal(value: &Value) -> Option<u16> {
    status(value).filter(|status| *status >= 400)
}

pub(super) fn every(value: &Value) -> Option<u32> {
    u32::try_from(value.as_integer()?).ok().filter(|every| *every > 0)
}

pub(super) fn millionths(value: &Value) -> Option<u32> {
    let part = match value {
        Value::Integer(1) => return Some(1_000_000),
        Value::Float(part) => *part,
        _ => return None,
    };
    // Of numbers from 1 to a million nothing is cut off.
    let millionths = (part * 1_000_000.0).round();
    (1.0..=1_000_000.0).contains(&millionths).then_some(millionths as u32)
}
