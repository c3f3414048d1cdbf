//! `listen`: prints messages as they come. `run` is the same without printing.

use ramson_system::{EngineEvent, Followed, Follower};
use ramson_types::AccountId;
use ramson_types::message::MessageKind;

use super::reach::missing_nodes;
use super::{Context, account_id};
use crate::cli::ListenArgs;
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::{ChangeRecord, MessageRecord, Record, one_line};
use crate::signals::Why;

/// A checked `listen` or `run`.
pub(crate) struct Listen {
    account: Option<AccountId>,
    count: Option<u64>,
    silent: bool,
    /// Whether everything is told, not messages only.
    all: bool,
}

impl Listen {
    pub(super) fn prepare(args: &ListenArgs) -> Result<Self, Failure> {
        let account = account_id(args.account.as_ref())?;
        Ok(Self { account, count: args.count, silent: false, all: args.all })
    }

    pub(super) fn silent() -> Self {
        Self { account: None, count: None, silent: true, all: false }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut came = 0;
        let limit = context.timeout.filter(|_| self.count.is_some());
        let late = async {
            match limit {
                Some(limit) => {
                    tokio::time::sleep(limit).await;
                    limit.as_secs()
                }
                None => std::future::pending().await,
            }
        };
        if self.silent && context.own_engine {
            context.host.load_started().await;
        }
        // What came while the engine started is news as well.
        let mut events = match context.own_engine {
            true => context.engine.follow_from_start(),
            false => context.engine.follow().await?,
        };
        let ended = tokio::select! {
            biased;
            result = self.print(context, &mut events, &mut came) => return result,
            why = context.ending.wait() => Ok(why),
            seconds = late => Err(seconds),
        };
        match (ended, self.count) {
            (Ok(Why::Signal), _) => Ok(()),
            (Ok(Why::EngineEnds), _) => {
                Err(Failure::EngineEnded { kept: "run it again to go on".to_owned() })
            }
            (Err(seconds), count) => {
                Err(Failure::Timeout { came, count: count.unwrap_or_default(), seconds })
            }
        }
    }

    async fn print(
        &self,
        context: &Context,
        events: &mut Follower,
        came: &mut u64,
    ) -> Result<(), Failure> {
        let console = &context.console;
        let accounts: Vec<AccountId> = match self.account {
            Some(_) => vec![context.account(self.account, "with --account").await?],
            None => context.engine.accounts().await?.iter().map(|account| account.id).collect(),
        };
        if accounts.is_empty() && !self.silent {
            return Err(Failure::NoAccount { home: context.ground.home.clone() });
        }
        if !self.silent {
            let accounts = accounts.iter().map(AccountId::to_string).collect();
            console.record(&Record::Listening { accounts }).await?;
        }
        let mut progress = Progress::quiet(console);
        progress.step("looking for service nodes").await;
        let mut lost = false;
        loop {
            match events.next().await? {
                Followed::Received { seq, account, message } => {
                    if self.silent || self.account.is_some_and(|only| only != account) {
                        continue;
                    }
                    // A notice is nothing that somebody wrote: who waits for
                    // an answer does not wait for it.
                    let written = message.kind == MessageKind::Visible;
                    if !written && !self.all {
                        continue;
                    }
                    progress.clear();
                    let record = MessageRecord::new(Some(seq), &account, &message);
                    console.record(&Record::Message(Box::new(record))).await?;
                    *came += u64::from(written);
                    if written && self.count == Some(*came) {
                        return Ok(());
                    }
                }
                Followed::Changed { seq, account, what, event } => {
                    if !self.all || self.account.is_some_and(|only| only != account) {
                        continue;
                    }
                    let record = ChangeRecord::new(seq, &account, &what, event.as_deref());
                    console.record(&Record::Changed(record)).await?;
                }
                Followed::Signal { .. } | Followed::Missed => {}
                Followed::Engine(event) => {
                    tell(&event, &mut progress).await;
                    if matches!(event, EngineEvent::SeedFailed { .. }) && !lost {
                        lost = say_lost(context).await;
                    }
                }
            }
        }
    }
}

/// Says, where no progress is shown, that there is nobody to ask; whether that
/// is so.
async fn say_lost(context: &Context) -> bool {
    let Some((seed, reason)) = missing_nodes(context).await else { return false };
    if !context.console.is_watched() {
        let note = format!(
            "no service node is known yet, the seed {seed} could not be used: {}; it is asked \
             again from time to time",
            one_line(&reason)
        );
        context.console.note(note).await;
    }
    true
}

async fn tell(event: &EngineEvent, progress: &mut Progress) {
    match event {
        EngineEvent::SeedFailed { seed, reason } => {
            tracing::warn!(seed, reason, "a seed gave no usable list");
            progress.step(format!("the seed {seed} failed: {reason}")).await;
        }
        EngineEvent::PoolReady { nodes } => {
            progress.step(format!("building a path through {nodes} nodes")).await;
        }
        EngineEvent::PathReady { .. } => progress.clear(),
        EngineEvent::ActorGivenUp { actor } => tracing::error!(actor, "an actor failed too often"),
        _ => {}
    }
}
