//! What a plugin says that it is done with, and what goes with it: one commit.
//! Commands with keys pass here, too.

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_system::{CarryError, Engine, EngineError, Mark, Marked, MarkedOutcome, PluginChange};
use ramson_types as types;
use ramson_wire::{AccountCommand, AccountId, Answer, Command, Done, Outcome, Record, Refusal};

use super::{engine, find, is_in_scope};
use crate::convert::command::{command, outcome};
use crate::convert::ids::{account_of, message_id};
use crate::convert::message::message;
use crate::convert::refusal::{Refused, of_command, of_engine, refusal};
use crate::desk::{self, Desk};
use crate::seat::Seat;
use crate::shared::{Attached, Shared};

/// After a failure it is asked again so much later, and so often.
const PAUSE: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 30;

/// Carries it out.
pub(super) async fn carry(shared: &Shared, seat: &Seat, done: Done) -> Refused<Answer> {
    let desk = shared.desks.of(&seat.name);
    let mut desk = desk.lock().await;
    let through = done.through;
    let answer = carry_at(shared, seat, &mut desk, done).await;
    if let (Err(_), Some(through)) = (&answer, through)
        && desk.owner == seat.generation
        && through > desk.cursor
    {
        // What is under way behind it must not be done before it.
        let before = desk.stuck.filter(|stuck| *stuck > desk.cursor);
        desk.stuck = Some(before.map_or(through, |stuck| stuck.min(through)));
    }
    answer
}

/// The same, at the desk.
async fn carry_at(shared: &Shared, seat: &Seat, desk: &mut Desk, done: Done) -> Refused<Answer> {
    if let Some(wrong) = done.records.iter().find(|record| !record.is_allowed()) {
        return Err(bad_record(wrong));
    }
    let keys = done.commands.iter().filter_map(|command| command.key.as_deref());
    if let Some(wrong) = keys.into_iter().find(|key| !Record::is_key(key)) {
        return Err(bad_key(wrong));
    }
    let Attached { engine, number, .. } = engine(shared)?;
    // What it remembers is not what is true any more.
    if seat.progress().is_some() && desk.owner > seat.generation {
        return Err(replaced());
    }
    desk.forget_marks(&engine, &seat.name).await;
    let accounts: Vec<_> = done.commands.iter().map(|command| command.account).collect();
    if desk.unclear {
        let errand = Errand { engine: &engine, seat, cursor: desk.cursor };
        let settled = errand.settled(&accounts).await.ok_or_else(|| {
            refusal("Store", "whether the last thing was done is not known yet; try again")
        })?;
        desk.cursor = desk.cursor.max(settled.unwrap_or_default());
        desk.unclear = false;
        if let Some(progress) = seat.progress() {
            progress.done(desk.cursor);
        }
    }
    let Some(through) = done.through else {
        let outcomes = Errand { engine: &engine, seat, cursor: desk.cursor }.carry(done).await?;
        return Ok(Answer::Kept { outcomes });
    };
    if may_be_done(desk, seat, number, through)? == Standing::Before {
        return match done.records.is_empty() && done.commands.is_empty() {
            true => Ok(Answer::Kept { outcomes: Vec::new() }),
            false => Err(refusal("AlreadyDone", already(through, desk.cursor))),
        };
    }
    let errand = Errand { engine: &engine, seat, cursor: desk.cursor };
    let mut carried = errand.carry(done).await;
    if let Err(Trouble::Unclear(_)) = carried {
        match errand.settled(&accounts).await {
            // What came of its commands was not heard.
            Some(Some(cursor)) if cursor >= through => {
                carried = Ok(vec![Outcome::Done; accounts.len()]);
            }
            Some(_) => {}
            None => desk.unclear = true,
        }
    }
    let outcomes = carried?;
    desk.cursor = through;
    if let Some(progress) = seat.progress() {
        progress.done(through);
    }
    Ok(Answer::Kept { outcomes })
}

/// Why something was not carried out.
#[derive(Debug)]
enum Trouble {
    /// Nothing of it was done.
    Refused(Refusal),
    /// It may have been done: the store or an actor failed meanwhile.
    Unclear(Refusal),
}

impl Trouble {
    fn of(error: &EngineError) -> Self {
        let refusal = of_engine(error);
        match error {
            EngineError::Link(_)
            | EngineError::Carry(CarryError::Store(_) | CarryError::Link(_)) => {
                Self::Unclear(refusal)
            }
            _ => Self::Refused(refusal),
        }
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) | Trouble::Unclear(refusal) => refusal,
        }
    }
}

/// A command with a key, for itself.
pub(super) async fn carry_keyed(
    shared: &Shared,
    seat: &Seat,
    asked: AccountCommand,
) -> Refused<Answer> {
    let account = account_of(&asked.account)?;
    let done = Done { commands: vec![asked], ..Done::default() };
    let answer = carry(shared, seat, done).await?;
    let Answer::Kept { mut outcomes } = answer else { return Ok(answer) };
    Ok(match outcomes.pop().unwrap_or(Outcome::Done) {
        Outcome::Done => Answer::Done,
        Outcome::Told { message } => Answer::Told { message },
        Outcome::Refused(refusal) => return Err(refusal),
        Outcome::Queued { message: id } => {
            let engine = engine(shared)?.engine;
            let found = find(&engine, &account, id).await;
            match found.map_err(|error| of_engine(&error))? {
                Some(found) => Answer::Queued { message: message(&account, &found) },
                // It was deleted since.
                None => Answer::Told { message: id },
            }
        }
    })
}

/// Where something stands that is said to be done with.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// It is new.
    Ahead,
    /// It was said before.
    Before,
}

fn may_be_done(desk: &Desk, seat: &Seat, engine: u64, through: u64) -> Refused<Standing> {
    let Some(progress) = seat.progress() else {
        let text = "this plugin is not durable, so it has nothing to be done with; set RP_FLAG_DURABLE, or leave 'through' out";
        return Err(refusal("NotDurable", text));
    };
    if desk.owner != seat.generation || desk.engine != engine {
        return Err(replaced());
    }
    let Some(told) = progress.told_in(engine) else { return Err(replaced()) };
    if through > told {
        let text =
            format!("event {through} was not told yet, only up to {told}; name one that was told");
        return Err(refusal("NotTold", text));
    }
    match desk.stuck {
        _ if through <= desk.cursor => Ok(Standing::Before),
        // What was refused may have been done after all.
        Some(stuck) if stuck > desk.cursor && through > stuck => {
            let text = format!("what was said of event {stuck} was refused; say that again first");
            Err(refusal("OutOfOrder", text))
        }
        _ => Ok(Standing::Ahead),
    }
}

fn replaced() -> Refusal {
    let text = "another instance has taken this plugin's place, or none has its place yet; the \
                events come again";
    refusal("Replaced", text)
}

fn already(through: u64, cursor: u64) -> String {
    format!("everything up to event {cursor} is done with, also {through}; nothing is done twice")
}

pub(super) fn bad_record(record: &Record) -> ramson_wire::Refusal {
    let text = format!(
        "the record '{}' cannot be kept; a key has 1 to {} bytes without control characters, a \
         value at most {}",
        crate::text::one_line(&record.key),
        Record::MAX_KEY,
        Record::MAX_VALUE
    );
    refusal("BadRecord", text)
}

fn bad_key(key: &str) -> ramson_wire::Refusal {
    let (key, most) = (crate::text::one_line(key), Record::MAX_KEY);
    let text = format!("'{key}' is no key; one has 1 to {most} bytes without control characters");
    refusal("BadKey", text)
}

/// Something to be carried out, behind the desk.
struct Errand<'a> {
    engine: &'a Engine,
    seat: &'a Seat,
    /// The plugin is done with everything up to here.
    cursor: u64,
}

/// A command on its way.
struct Ordered {
    /// Its place among all.
    at: usize,
    asked: Command,
    key: Option<String>,
}

impl Errand<'_> {
    async fn carry(&self, done: Done) -> Result<Vec<Outcome>, Trouble> {
        let Done { through, records, commands } = done;
        debug_assert!(through.is_none_or(|through| through > self.cursor));
        let mut outcomes = vec![Outcome::Done; commands.len()];
        // Accounts in the order in which they are spoken of first.
        let mut groups: Vec<(AccountId, Vec<Ordered>)> = Vec::new();
        for (at, AccountCommand { account, key, command: asked }) in
            commands.into_iter().enumerate()
        {
            let ordered = Ordered { at, asked, key };
            match groups.iter_mut().find(|(other, _)| *other == account) {
                Some((_, group)) => group.push(ordered),
                None => groups.push((account, vec![ordered])),
            }
        }
        let last = groups.pop();
        for (account, mut group) in groups {
            // The last account's commit makes the rest true; until then these
            // may come again.
            for ordered in &mut group {
                let own = through.map(|through| format!("done/{through}/{}", ordered.at));
                ordered.key = ordered.key.take().or(own);
            }
            self.carry_for(&account, group, Vec::new(), &mut outcomes).await?;
        }
        let keep = self.keep(through, records);
        match last {
            Some((account, group)) => {
                self.carry_for(&account, group, keep, &mut outcomes).await?;
            }
            None => self.keep_alone(keep).await?,
        }
        Ok(outcomes)
    }

    fn keep(&self, through: Option<u64>, records: Vec<Record>) -> Vec<PluginChange> {
        let plugin = || self.seat.name.clone();
        let record = |Record { key, value }| PluginChange::PutData {
            plugin: plugin(),
            key,
            value: value.map(String::into_bytes),
        };
        let mut keep: Vec<_> = records.into_iter().map(record).collect();
        keep.extend(through.map(|seq| PluginChange::SetCursor { plugin: plugin(), seq }));
        keep
    }

    /// What one account is told to do, and what is kept with it.
    async fn carry_for(
        &self,
        account: &AccountId,
        group: Vec<Ordered>,
        keep: Vec<PluginChange>,
        outcomes: &mut [Outcome],
    ) -> Result<(), Trouble> {
        let own = match account_of(account) {
            Ok(own) => own,
            Err(refused) => {
                let all = group.iter().map(|ordered| ordered.at);
                all.for_each(|at| put(outcomes, at, Outcome::Refused(refused.clone())));
                return self.keep_alone(keep).await;
            }
        };
        let (mut places, mut carried) = (Vec::new(), Vec::new());
        let mut same = BTreeSet::new();
        for Ordered { at, asked, key } in group {
            let mark =
                key.map(|key| Mark { plugin: self.seat.name.clone(), key: desk::mark(&own, &key) });
            let before = match &mark {
                Some(mark) => self.marked(mark).await?,
                None => None,
            };
            let twice = mark.as_ref().is_some_and(|mark| !same.insert(mark.key.clone()));
            let what = match (before, twice) {
                (Some(before), _) => Err(before),
                // The first one's outcome is not known yet.
                (None, true) => Err(Outcome::Done),
                (None, false) => self.command(&own, asked).await?,
            };
            match what {
                Ok(command) => {
                    places.push(at);
                    carried.push((command, mark));
                }
                Err(outcome) => put(outcomes, at, outcome),
            }
        }
        if !carried.is_empty() {
            match self.engine.marked_commands(&own, carried, keep.clone()).await {
                Ok(done) => {
                    for (at, done) in places.into_iter().zip(done) {
                        let refused = |error| Outcome::Refused(of_command(&error));
                        put(outcomes, at, done.map_or_else(refused, outcome));
                    }
                    return Ok(());
                }
                // An account that is gone holds up nothing for ever.
                Err(error @ EngineError::NoSuchAccount { .. }) => {
                    let refused = of_engine(&error);
                    places.into_iter().for_each(|at| {
                        put(outcomes, at, Outcome::Refused(refused.clone()));
                    });
                }
                Err(error) => return Err(Trouble::of(&error)),
            }
        }
        self.keep_alone(keep).await
    }

    /// The plugin's cursor on disk, once everything is settled that these
    /// accounts were told before: a call that does nothing comes behind all
    /// earlier writes of its account. `None` if that cannot be found out now.
    async fn settled(&self, accounts: &[AccountId]) -> Option<Option<u64>> {
        for _ in 0..ATTEMPTS {
            let settled = async {
                for account in accounts {
                    let Ok(own) = account_of(account) else { continue };
                    match self.engine.marked_commands(&own, Vec::new(), Vec::new()).await {
                        Ok(_) | Err(EngineError::NoSuchAccount { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                self.engine.plugin_cursor(self.seat.name.clone()).await
            };
            match settled.await {
                Ok(cursor) => return Some(cursor),
                Err(EngineError::Stopped) => return None,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        None
    }

    async fn keep_alone(&self, keep: Vec<PluginChange>) -> Result<(), Trouble> {
        if keep.is_empty() {
            return Ok(());
        }
        self.engine.keep_for_plugins(keep).await.map_err(|error| Trouble::of(&error))
    }

    /// What came of a command that was carried out before.
    async fn marked(&self, mark: &Mark) -> Result<Option<Outcome>, Trouble> {
        let found = self.engine.plugin_record(mark.plugin.clone(), mark.key.clone()).await;
        let found = found.map_err(|error| Trouble::Refused(of_engine(&error)))?;
        let counts = |marked: &Marked| desk::counts(self.engine, marked);
        Ok(found.as_deref().and_then(Marked::parse).filter(counts).map(|marked| {
            match marked.what {
                MarkedOutcome::Done => Outcome::Done,
                MarkedOutcome::Queued(id) => Outcome::Queued { message: message_id(id) },
                MarkedOutcome::Told(id) => Outcome::Told { message: message_id(id) },
            }
        }))
    }

    /// The command as the engine takes it, or why it is refused for itself.
    async fn command(
        &self,
        account: &types::AccountId,
        asked: Command,
    ) -> Result<Result<ramson_system::Command, Outcome>, Trouble> {
        if let Command::React { message, .. } | Command::Delete { message, .. } = &asked
            && !self.seat.gate.sees_all_conversations()
        {
            let found = find(self.engine, account, *message).await;
            let found = found.map_err(|error| Trouble::Refused(of_engine(&error)))?;
            // One that is not there is refused with the right words later.
            if let Some(Err(refused)) = found.map(|it| is_in_scope(&self.seat.gate, &it)) {
                return Ok(Err(Outcome::Refused(refused)));
            }
        }
        Ok(command(asked).map_err(Outcome::Refused))
    }
}

fn put(outcomes: &mut [Outcome], at: usize, outcome: Outcome) {
    if let Some(place) = outcomes.get_mut(at) {
        *place = outcome;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial;

    #[test]
    fn what_was_refused_and_is_done_after_all_holds_up_nothing() {
        let seat = trial::durable_seat("bot", 16);
        seat.begin(7, 0);
        let progress = seat.progress().unwrap();
        (1..=12).for_each(|seq| progress.tell(seq, || {}));
        let owner = seat.generation;
        let mut desk = Desk { engine: 7, owner, cursor: 9, stuck: Some(10), ..Desk::default() };
        assert_eq!(may_be_done(&desk, &seat, 7, 12).unwrap_err().kind, "OutOfOrder");
        assert_eq!(may_be_done(&desk, &seat, 7, 10), Ok(Standing::Ahead));
        // It turns out that it was on disk.
        desk.cursor = 10;
        assert_eq!(may_be_done(&desk, &seat, 7, 10), Ok(Standing::Before));
        assert_eq!(may_be_done(&desk, &seat, 7, 12), Ok(Standing::Ahead));
        assert_eq!(may_be_done(&desk, &seat, 7, 13).unwrap_err().kind, "NotTold");
        assert_eq!(may_be_done(&desk, &seat, 8, 12).unwrap_err().kind, "Replaced");
    }
}
