//! From the welcome screen to an engine.

use ramson_host::Errand;
use ramson_system::{AccountSummary, Engine};
use ramson_wire::{Account, Answer, Reply, Stage};

use super::desk::{Desk, Next};
use super::{Asked, Program, refused};
use crate::commands::{Needs, demo, display_name};
use crate::error::Failure;
use crate::home::Home;
use crate::lock::{Claim, HomeLock, claim};
use crate::network::Network;
use crate::owner::Owner;
use crate::plugins;
use crate::signals::Ending;
use crate::start::Found;

/// An engine, and whether it is the demo's.
pub(super) struct Begun {
    pub(super) owner: Owner,
    pub(super) demo: bool,
}

/// Takes the lock of the home that is meant. A user interface cannot be shown
/// from outside of the process that has it.
pub(super) fn claim_home(asked: &Asked) -> Result<HomeLock, Failure> {
    let home = &asked.home;
    home.binding(asked.network.clone())?;
    take(home)
}

fn take(home: &Home) -> Result<HomeLock, Failure> {
    match claim(home.folder())? {
        Claim::Ours(lock) => Ok(lock),
        Claim::Taken(holder) => {
            let way_out = "no user interface can be shown from outside of it: end it, or let \
                           it show another one with 'ramson ui use' if it shows any";
            Err(Failure::HomeInUse { home: home.folder().to_owned(), holder, way_out })
        }
    }
}

/// The stage in which there is no home yet.
pub(super) fn welcome(asked: &Asked) -> Result<Stage, Failure> {
    let demo_exists = Home::of_demo(asked.global.home.as_deref())?.has_store();
    Ok(Stage::Welcome { demo_exists })
}

/// What is told of a new account.
pub(super) async fn answer(engine: &Engine, account: &AccountSummary) -> Result<Answer, Failure> {
    let profile = engine.profile(&account.id).await?;
    Ok(Answer::Account {
        account: Account {
            id: demo::to_wire(&account.id),
            name: account.name.clone(),
            read_receipts: profile.read_receipts,
            typing: profile.typing,
        },
    })
}

impl Program<'_> {
    /// Starts the engine of the home that is there.
    pub(super) async fn open(
        &self,
        lock: HomeLock,
        notes: &mut Vec<String>,
    ) -> Result<Begun, Failure> {
        let Asked { home, network, proxy, .. } = self.asked;
        let found = Found { home, network: network.clone(), proxy: proxy.clone() };
        let owner = found.start(lock, Needs::Lasting, self.host.clone(), notes).await?;
        Ok(Begun { owner, demo: false })
    }

    /// Does what the user chooses on the welcome screen, until there is an
    /// engine; `None` if the program is to end.
    pub(super) async fn welcome(
        &self,
        desk: &mut Desk,
        notes: &mut Vec<String>,
    ) -> Result<Option<Begun>, Failure> {
        loop {
            let errand = match desk.next().await {
                Next::Errand(errand) => errand,
                Next::End(result) => return result.map(|()| None),
            };
            let (tell, begun) = match errand {
                Errand::BeginDemo { tell } => (tell, self.begin_demo().await),
                Errand::BeginNew { name, tell } => (tell, self.begin_new(name, notes).await),
                Errand::BeginRestore { tell } => {
                    let begun = self.begin_restore(desk.ending(), notes).await;
                    (tell, begun)
                }
                Errand::HandOver { tell, .. } => {
                    let failure = Failure::NoAccount { home: self.asked.home.folder().to_owned() };
                    (tell, Err(failure))
                }
                Errand::Quit { tell } => {
                    let _gone = tell.send(Reply::Ok(Answer::Done));
                    return Ok(None);
                }
            };
            match begun {
                Ok((begun, answer)) => {
                    let _gone = tell.send(Reply::Ok(answer));
                    return Ok(Some(begun));
                }
                Err(failure) => {
                    // The demo may have failed when the host was on its home already.
                    self.host.move_to(self.asked.home.folder());
                    self.host.set_stage(welcome(self.asked)?);
                    let _gone = tell.send(refused(failure));
                }
            }
        }
    }

    fn starting(&self, what: &str) {
        self.host.set_stage(Stage::Starting { what: what.to_owned() });
    }

    async fn begin_demo(&self) -> Result<(Begun, Answer), Failure> {
        self.starting("starting nine service nodes in three swarms");
        let home = Home::of_demo(self.asked.global.home.as_deref())?;
        plugins::require(self.host, plugins::ECHO)?;
        home.make()?;
        let lock = take(&home)?;
        self.host.move_to(home.folder());
        let found = Found { home: &home, network: Some(Network::Local), proxy: None };
        let (host, mut notes) = (self.host.clone(), Vec::new());
        let owner = found.start(lock, Needs::Lasting, host, &mut notes).await?;
        Ok((Begun { owner, demo: true }, Answer::Done))
    }

    async fn begin_new(
        &self,
        name: Option<String>,
        notes: &mut Vec<String>,
    ) -> Result<(Begun, Answer), Failure> {
        // No home is made for a name that does not do.
        let name = display_name(name.as_deref())?;
        self.starting("making the account");
        let owner = self.new_home(notes).await?;
        let made = async {
            let account = owner.engine().create_account(name).await?;
            answer(owner.engine(), &account).await
        };
        keep(made.await, owner).await
    }

    async fn begin_restore(
        &self,
        ending: &Ending,
        notes: &mut Vec<String>,
    ) -> Result<(Begun, Answer), Failure> {
        let phrase = self.ask_phrase(ending).await;
        let begun = async {
            let phrase = phrase?;
            self.starting("restoring the account");
            let owner = self.new_home(notes).await?;
            let made = async {
                let account = owner.engine().restore_account(&phrase, None).await?;
                answer(owner.engine(), &account).await
            };
            keep(made.await, owner).await
        };
        let begun = begun.await;
        self.host.resume_ui().await;
        begun
    }

    async fn new_home(&self, notes: &mut Vec<String>) -> Result<Owner, Failure> {
        let home = &self.asked.home;
        home.make()?;
        let lock = claim_home(self.asked)?;
        self.open(lock, notes).await.map(|begun| begun.owner)
    }
}

/// An engine whose account could not be made is not needed.
async fn keep(made: Result<Answer, Failure>, owner: Owner) -> Result<(Begun, Answer), Failure> {
    match made {
        Ok(answer) => Ok((Begun { owner, demo: false }, answer)),
        Err(failure) => {
            // What failed first is what is told.
            let _closed = owner.close().await;
            Err(failure)
        }
    }
}
