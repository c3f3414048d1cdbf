//! What is to be handled.

use std::sync::Arc;

use ramson_wire::Event;

use crate::Delivery;
use crate::bot::build::Bot;
use crate::bot::route::Once;

/// What is to be handled.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) what: What,
    /// How often it failed.
    pub(crate) failed: usize,
    pub(crate) once: Once,
}

#[derive(Debug)]
pub(crate) enum What {
    Start,
    Event(Arc<Delivery>),
    Timer(String),
    Inlet(usize),
}

impl Job {
    pub(crate) fn new(what: What) -> Self {
        Self { what, failed: 0, once: Once::default() }
    }
}

impl What {
    /// For people.
    pub(crate) fn words(&self, bot: &Bot) -> String {
        match self {
            Self::Start => "on_start".to_owned(),
            Self::Event(delivery) => match &delivery.event {
                Event::Message { message, .. } => format!("message {}", message.id),
                Event::MessageChanged { message, .. } => format!("reaction on {message}"),
                event => format!("event {:?}", event.kind()),
            },
            Self::Timer(name) => format!("timer '{name}'"),
            Self::Inlet(place) => {
                let name = bot.inlets.get(*place).map(|inlet| inlet.name()).unwrap_or_default();
                format!("inlet '{name}'")
            }
        }
    }
}
