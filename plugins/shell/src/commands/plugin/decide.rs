//! What a plugin may do, as its user says: on the command line, or asked.

use ramson_host::{Allowed, Host};
use ramson_types::ConversationId;
use ramson_wire as wire;
use ramson_wire::{GrantSet, Plugin};

use super::super::Context;
use super::super::demo::to_wire;
use crate::cli::{AllowArgs, DecisionArgs, Global};
use crate::console::Console;
use crate::error::Failure;
use crate::home::Home;
use crate::plugins;
use crate::record::Record;
use crate::signals::Ending;
use crate::terminal;

/// A decision, as far as it was made.
pub(crate) struct Decision {
    /// What the plugin gets; `None` as long as nothing was said.
    grants: Option<Granted>,
    accounts: Option<Vec<wire::AccountId>>,
    conversations: Option<Vec<wire::ConversationId>>,
    start: bool,
    untrusted: bool,
}

#[derive(Clone, Copy)]
enum Granted {
    /// All that it asks for.
    All,
    These(GrantSet),
}

impl Decision {
    pub(super) fn read(args: &DecisionArgs) -> Result<Self, Failure> {
        let account = |text: &String| {
            let id = ramson_types::AccountId::parse_account(text)?;
            Ok(to_wire(&id))
        };
        let accounts: Result<Vec<_>, Failure> = args.account.iter().map(account).collect();
        let conversation = |text: &String| {
            let id: ConversationId = text.parse()?;
            Ok(wire::ConversationId(id.to_string()))
        };
        let conversations: Result<Vec<_>, Failure> =
            args.conversation.iter().map(conversation).collect();
        let grants = match (args.yes, args.grant.is_empty()) {
            (true, _) => Some(Granted::All),
            (false, false) => Some(Granted::These(args.grant.iter().copied().collect())),
            (false, true) => None,
        };
        Ok(Self {
            grants,
            accounts: Some(accounts?).filter(|ids| !ids.is_empty()),
            conversations: Some(conversations?).filter(|ids| !ids.is_empty()),
            start: args.start,
            untrusted: args.untrusted,
        })
    }

    /// Its user agreed to what the plugin asks for.
    pub(super) fn agree(&mut self, grants: GrantSet) {
        self.grants = Some(Granted::These(grants));
    }

    /// Asks what nobody decided yet; what was agreed to. Where nobody can be
    /// asked, the plugin is refused.
    pub(super) async fn ask(
        &mut self,
        name: &str,
        home: &Home,
        host: &Host,
        ending: &Ending,
    ) -> Result<Option<GrantSet>, Failure> {
        if let Some(About { ui: true, .. }) = about(name, host) {
            return Err(Failure::IsUi { name: name.to_owned() });
        }
        let limits = self.accounts.is_some() || self.conversations.is_some();
        if self.grants.is_some() || (!limits && plugins::is_decided(home, name)?) {
            return Ok(None);
        }
        self.ask_anew(name, host, ending).await
    }

    /// The same, whatever was decided before.
    async fn ask_anew(
        &mut self,
        name: &str,
        host: &Host,
        ending: &Ending,
    ) -> Result<Option<GrantSet>, Failure> {
        // What is not there is told by whoever looks for it.
        let (None, Some(about)) = (self.grants, about(name, host)) else { return Ok(None) };
        let asked = about.asked;
        let undecided = Failure::NotDecided { name: name.to_owned(), asked };
        if !terminal::is_typed_on() || !terminal::shows_questions() {
            return Err(undecided);
        }
        let for_whom = match &self.accounts {
            None => "for all accounts of this home".to_owned(),
            Some(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                format!("for {}", ids.join(", "))
            }
        };
        let place = if self.untrusted { ", in a process of its own" } else { "" };
        let question =
            format!("The plugin '{name}' asks for: {}; {for_whom}{place}.", described(asked));
        match terminal::agrees(&question, ending).await? {
            true => {
                self.agree(asked);
                Ok(Some(asked))
            }
            false => Err(Failure::Declined),
        }
    }

    /// Loads the plugin with what was decided.
    pub(super) async fn load(&self, name: &str, context: &Context) -> Result<Plugin, Failure> {
        for id in self.accounts.iter().flatten() {
            known(id, context).await?;
        }
        if self.untrusted && self.grants.is_none() {
            context.host.set_untrusted(name)?;
        }
        let allowed = match self.grants {
            None => Allowed::AsDecided,
            Some(granted) => Allowed::These {
                grants: granted.grants(),
                accounts: self.accounts.clone(),
                conversations: self.conversations.clone(),
                untrusted: self.untrusted,
                remember: true,
            },
        };
        let plugin = context.host.load(name, allowed).await?;
        if self.start {
            context.host.set_start(name, true)?;
        }
        Ok(plugin)
    }
}

impl Granted {
    /// What the plugin does not ask for is left out by the host.
    fn grants(self) -> GrantSet {
        match self {
            Self::All => GrantSet::ALL,
            Self::These(grants) => grants,
        }
    }
}

/// What matters of a plugin before it is loaded.
struct About {
    asked: GrantSet,
    ui: bool,
}

/// The same, if its library is there.
fn about(name: &str, host: &Host) -> Option<About> {
    if ramson_host::is_path(name) {
        let path = std::path::absolute(name).ok()?;
        let says = ramson_host::check(&path).descriptor?;
        return Some(About { asked: says.grants, ui: says.ui });
    }
    let found = host.list().into_iter().find(|plugin| plugin.name == name)?;
    Some(About { asked: found.asked, ui: found.ui })
}

/// Grants as a question names them.
fn described(grants: GrantSet) -> String {
    use wire::Grant::*;
    let describe = |grant| match grant {
        Read => "read (messages and conversations as they come)",
        History => "history (messages from before)",
        Send => "send (write and react)",
        Manage => "manage (delete, mark as read, pin, mute, set timers)",
        Contacts => "contacts (accept, block, name and remove contacts)",
        Profile => "profile (the accounts' own names and settings)",
        Network => "network (paths, delivery ledger, names)",
        Accounts => "accounts (add and remove accounts)",
        Plugins => "plugins (load, stop and swap plugins, end the program)",
    };
    let texts: Vec<_> = grants.iter().map(describe).collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}

async fn known(id: &wire::AccountId, context: &Context) -> Result<(), Failure> {
    let accounts = context.engine.accounts().await?;
    match accounts.iter().any(|account| to_wire(&account.id) == *id) {
        true => Ok(()),
        false => {
            let id = ramson_types::AccountId::parse_account(&id.to_string())?;
            Err(Failure::NoSuchAccount { id })
        }
    }
}

/// `plugin allow`.
pub(crate) async fn allow(
    args: &AllowArgs,
    global: &Global,
    console: &Console,
) -> Result<(), Failure> {
    let ending = Ending::on_signals()?;
    let home = Home::choose(global.home.as_deref())?;
    if !home.has_store() {
        return Err(Failure::NoHome { home: home.folder().to_owned() });
    }
    let name = plugins::from_folder(&std::env::current_dir().unwrap_or_default(), &args.name);
    let host = plugins::host(&home);
    let mut decision = Decision::read(&args.decision)?;
    // What was decided before is asked anew, unless only how it runs is meant.
    let decided = plugins::is_decided(&home, &name)?;
    let only_how = decided && (decision.start || decision.untrusted) && decision.grants.is_none();
    if !only_how || decision.accounts.is_some() || decision.conversations.is_some() {
        decision.ask_anew(&name, &host, &ending).await?;
        let grants = decision.grants.map_or(GrantSet::NONE, Granted::grants);
        host.decide(&name, grants, decision.accounts, decision.conversations)?;
    }
    if decision.untrusted {
        host.set_untrusted(&name)?;
    }
    if decision.start {
        host.set_start(&name, true)?;
    }
    let name = plugins::name_of(&name);
    let detail = format!("what '{name}' may do stands in {}", home.decisions().display());
    console.record(&Record::Done { detail }).await
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command, PluginCommand};

    fn decision(args: &[&str]) -> Result<Decision, Failure> {
        let words = ["ramson", "plugin", "run", "bot"].iter().chain(args);
        let cli = Cli::try_parse_from(words).map_err(|error| crate::start::usage(&error))?;
        let Some(Command::Plugin(PluginCommand::Run(args))) = cli.command else {
            panic!("another command")
        };
        Decision::read(&args.decision)
    }

    #[test]
    fn what_a_plugin_may_do_is_read_from_the_command_line() {
        let id = format!("05{}", "ab".repeat(32));
        let nothing = decision(&[]).unwrap();
        assert!(nothing.grants.is_none() && nothing.accounts.is_none() && !nothing.start);
        let some = decision(&["--grant", "read,send", "--account", &id, "--start"]).unwrap();
        let Some(Granted::These(grants)) = some.grants else { panic!("two grants") };
        assert_eq!(grants.to_string(), "read, send");
        assert_eq!(some.accounts.unwrap()[0].to_string(), id);
        assert!(some.start && !some.untrusted && some.conversations.is_none());
        assert!(decision(&["--untrusted"]).unwrap().untrusted);
        assert!(matches!(decision(&["--yes"]).unwrap().grants, Some(Granted::All)));
        let wrong: [&[&str]; 4] = [
            &["--grant", "raed"],
            &["--grant", "read", "--yes"],
            &["--account", "05ab"],
            &["--conversation", "there"],
        ];
        for args in wrong {
            assert_eq!(decision(args).err().map(|it| it.status()), Some(2), "{args:?}");
        }
    }
}
