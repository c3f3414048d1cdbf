//! Writing the file's text.

use std::time::Duration;

use toml::{Table, Value};

use super::{
    AskedBy, Fault, FaultRule, FaultTarget, FaultsFile, NodeFault, RequestFault, WhichRequests,
};

impl FaultsFile {
    /// The text of the faults file.
    pub fn to_toml(&self) -> String {
        let mut table = Table::new();
        table.insert("seed".to_owned(), integer(self.seed));
        let rules: Vec<Value> = self.rules.iter().map(|rule| Value::Table(write(rule))).collect();
        if !rules.is_empty() {
            table.insert("rule".to_owned(), Value::Array(rules));
        }
        table.to_string()
    }
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn millis(time: Duration) -> Value {
    integer(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn write_seconds(time: Duration) -> Value {
    if time.subsec_nanos() == 0 {
        integer(time.as_secs())
    } else {
        Value::Float(time.as_secs_f64())
    }
}

fn write_target(target: &FaultTarget) -> Value {
    match target {
        FaultTarget::Node(number) => Value::Integer((*number).into()),
        FaultTarget::AllNodes => Value::String("all".to_owned()),
        FaultTarget::Swarm(number) => Value::String(format!("swarm {number}")),
        FaultTarget::Seed => Value::String("seed".to_owned()),
        FaultTarget::FileServer => Value::String("file server".to_owned()),
    }
}

fn write_targets(targets: &[FaultTarget]) -> Value {
    Value::Array(targets.iter().map(write_target).collect())
}

fn write(rule: &FaultRule) -> Table {
    let mut table = Table::new();
    let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
    if let Some(name) = &rule.name {
        set("name", Value::String(name.clone()));
    }
    set("fault", Value::String(rule.fault.name().to_owned()));
    match &rule.fault {
        Fault::Request { fault, to, asked_by, which } => {
            set("nodes", write_targets(to));
            match fault {
                RequestFault::Late(time) => {
                    set("ms", millis(*time));
                }
                RequestFault::Status(status) => {
                    set("status", Value::Integer((*status).into()));
                }
                _ => {}
            }
            match asked_by {
                AskedBy::Anybody => {}
                AskedBy::Clients => {
                    set("asked_by", Value::String("clients".to_owned()));
                }
                AskedBy::Nodes => {
                    set("asked_by", Value::String("nodes".to_owned()));
                }
            }
            match which {
                WhichRequests::All => {}
                WhichRequests::Every(n) => {
                    set("every", Value::Integer((*n).into()));
                }
                WhichRequests::Millionths(millionths) => {
                    set("probability", Value::Float(f64::from(*millionths) / 1_000_000.0));
                }
            }
        }
        Fault::Node { fault, nodes } => {
            set("nodes", write_targets(nodes));
            match fault {
                NodeFault::WrongClock(offset) => {
                    set("ms", Value::Integer(*offset));
                }
                NodeFault::Slow(time) => {
                    set("ms", millis(*time));
                }
                NodeFault::RefusesStores(status) | NodeFault::RefusesRetrieves(status) => {
                    set("status", Value::Integer((*status).into()));
                }
                _ => {}
            }
        }
        Fault::Partition { groups } => {
            set("groups", Value::Array(groups.iter().map(|group| write_targets(group)).collect()));
        }
    }
    if !rule.from.is_zero() {
        set("from", write_seconds(rule.from));
    }
    if let Some(until) = rule.until {
        set("until", write_seconds(until));
    }
    table
}
