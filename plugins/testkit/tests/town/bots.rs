//! Bots for these tests, each for one thing.

use std::collections::BTreeMap;

use ramson_sdk::{
    AccountCommand, Answer, Command, Config, Delivery, Done, Error, Event, Host, Level, Manifest,
    Plugin, Query, Record, Reply, RequestId,
};

/// Answers every text, and forgets at once what it did.
pub(crate) struct Echo {
    host: Host,
    prefix: String,
}

impl Plugin for Echo {
    const MANIFEST: Manifest = Manifest::bot("org.example.echo", "Echo", "1.0");

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        let prefix = config.text("prefix").unwrap_or("echo: ").to_owned();
        Ok(Self { host, prefix })
    }

    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        let Some((account, message, text)) = event.incoming_text() else { return Ok(()) };
        assert!(text != "panic", "somebody asked for it");
        if text == "fail" {
            return Err("somebody asked for an error".into());
        }
        self.host.log(Level::Info, &format!("heard {text}"));
        if text == "like this" {
            let (message, emoji) = (message.id, "👍".to_owned());
            self.host.command(
                account,
                Command::React { message, emoji, remove: false, unsynced: false },
            )?;
        } else {
            self.host.reply(account, message, format!("{}{text}", self.prefix))?;
        }
        Ok(())
    }
}

/// Numbers the texts that it hears, and never loses count.
pub(crate) struct Counter {
    host: Host,
    /// `None` until it knows how far it was.
    count: Option<u64>,
    asked: Option<RequestId>,
    early: Vec<Delivery>,
}

impl Plugin for Counter {
    const MANIFEST: Manifest = Manifest::bot("org.example.counter", "Counter", "1.0").durable();

    fn create(host: Host, _: Config) -> Result<Self, Error> {
        let asked = Some(host.query(Query::Record { key: "count".to_owned() })?);
        Ok(Self { host, count: None, asked, early: Vec::new() })
    }

    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        match event.reply() {
            Some((id, Reply::Ok(Answer::Record { value }))) if Some(id) == self.asked => {
                self.count = Some(value.as_deref().unwrap_or("0").parse()?);
                for event in std::mem::take(&mut self.early) {
                    self.take(&event)?;
                }
                Ok(())
            }
            Some((_, Reply::Refused(refusal))) => Err(refusal.to_string().into()),
            Some(_) => Ok(()),
            None if self.count.is_none() => {
                self.early.push(event.clone());
                Ok(())
            }
            None => self.take(event),
        }
    }
}

impl Counter {
    fn take(&mut self, event: &Delivery) -> Result<(), Error> {
        if matches!(event.event, Event::Snapshot(_)) {
            return Ok(());
        }
        let mut done = Done { through: Some(event.seq), ..Done::default() };
        if let Some((account, message, text)) = event.incoming_text() {
            let count = self.count.unwrap_or_default() + 1;
            self.count = Some(count);
            let key = "count".to_owned();
            done.records.push(Record { key, value: Some(count.to_string()) });
            let to = message.conversation.account().ok_or("no account")?;
            let send = Command::text(to, format!("{count}: {text}"));
            done.commands.push(AccountCommand::new(account, send));
        }
        self.host.done(done)?;
        Ok(())
    }
}

/// Says something later: `600 tea` in ten minutes.
pub(crate) struct Reminder {
    host: Host,
    waiting: BTreeMap<RequestId, (Delivery, String)>,
}

impl Plugin for Reminder {
    const MANIFEST: Manifest = Manifest::bot("org.example.reminder", "Reminder", "1.0");

    fn create(host: Host, _: Config) -> Result<Self, Error> {
        Ok(Self { host, waiting: BTreeMap::new() })
    }

    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        if let Some((id, reply)) = event.reply()
            && let Some((asked, text)) = self.waiting.remove(&id)
            && let Some((account, message, _)) = asked.incoming_text()
        {
            reply.clone().into_result()?;
            self.host.answer(account, message, text)?;
        }
        if let Some((_, _, text)) = event.incoming_text() {
            let (seconds, about) = text.split_once(' ').ok_or("two words, please")?;
            let at = self.host.now() + 1_000 * seconds.parse::<u64>()?;
            let alarm = self.host.query(Query::Alarm { at })?;
            self.waiting.insert(alarm, (event.clone(), about.to_owned()));
        }
        Ok(())
    }
}
