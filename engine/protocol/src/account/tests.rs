//! The machine alone: accounts that talk to each other without a network.

mod commands;
mod deliveries;
mod errands;
mod members;
mod messages;
mod receive;
mod settings;
mod slow_members;
mod support;
mod work;
mod worst_days;

use std::time::Duration;

use ramson_codec::storage::Request;
use ramson_crypto::message_hash;
use ramson_types::message::{Message, MessageState};
use ramson_types::{ConversationId, ServiceNode};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

use super::*;
use crate::inbox;
use crate::store::{Copy, OutboxEntry};
use support::*;
