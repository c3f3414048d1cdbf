//! What is asked and shown on the plain terminal, because a secret is in it:
//! it never passes a plugin.

use ramson_crypto::{MnemonicError, mnemonic};
use ramson_system::Engine;
use ramson_types::AccountId;
use ramson_wire::{Answer, Task};
use zeroize::Zeroizing;

use super::{Program, begin};
use crate::console;
use crate::error::Failure;
use crate::signals::Ending;
use crate::terminal::{self, Unseen};

impl Program<'_> {
    /// Does something on the plain terminal. The caller lets the user
    /// interface go on.
    pub(super) async fn aside(
        &self,
        task: Task,
        engine: &Engine,
        ending: &Ending,
    ) -> Result<Answer, Failure> {
        match &task {
            Task::RestoreAccount => can_ask()?,
            Task::ShowPhrase { account } => can_show(account)?,
        }
        self.host.pause_ui().await?;
        self.screen.take_back();
        let done = match task {
            Task::RestoreAccount => restore(engine, ending).await,
            Task::ShowPhrase { account } => show(engine, &account, ending).await,
        };
        self.screen.lend_again();
        done
    }

    /// Asks for a recovery phrase on the plain terminal.
    pub(super) async fn ask_phrase(&self, ending: &Ending) -> Result<Zeroizing<String>, Failure> {
        can_ask()?;
        self.host.pause_ui().await?;
        self.screen.take_back();
        let phrase = phrase(ending).await;
        self.screen.lend_again();
        phrase
    }
}

fn can_ask() -> Result<(), Failure> {
    on_terminal("asked for", "ramson account restore")
}

fn can_show(account: &ramson_wire::AccountId) -> Result<(), Failure> {
    on_terminal("shown", &format!("ramson account show {account} --phrase"))
}

/// A phrase goes neither into a file nor into a service's log.
fn on_terminal(done: &str, instead: &str) -> Result<(), Failure> {
    match terminal::is_used() {
        true => Ok(()),
        false => Err(Failure::System {
            reason: format!(
                "the recovery phrase is {done} on a terminal only, and stdin or stdout of this \
                 program is none; use '{instead}' in another one"
            ),
        }),
    }
}

async fn restore(engine: &Engine, ending: &Ending) -> Result<Answer, Failure> {
    let phrase = phrase(ending).await?;
    let account = engine.restore_account(&phrase, None).await?;
    begin::answer(engine, &account).await
}

async fn show(
    engine: &Engine,
    account: &ramson_wire::AccountId,
    ending: &Ending,
) -> Result<Answer, Failure> {
    let id = AccountId::parse_account(&account.to_string())?;
    let phrase = engine.recovery_phrase(&id).await?;
    console::write_here(&format!(
        "\nThe recovery phrase of {id}\nWhoever has it is this account: write it down, and keep \
         it where only you find it.\n\n  "
    ));
    console::write_here(&phrase);
    console::write_here("\n\nEnter wipes the screen and goes back. ");
    terminal::forget_typed();
    let read = terminal::line(ending).await;
    terminal::wipe();
    read.map(|_| Answer::Done)
}

/// Asks until a phrase is right; an empty line goes back.
async fn phrase(ending: &Ending) -> Result<Zeroizing<String>, Failure> {
    console::write_here(
        "\nType the 13 words of the recovery phrase, then Enter; they are not shown. An empty \
         line goes back.\n",
    );
    terminal::forget_typed();
    loop {
        let unseen = Unseen::begin().map_err(|error| Failure::System {
            reason: format!(
                "the terminal shows what is typed, and that cannot be changed: {error}; use \
                 'ramson account restore' with the phrase through a pipe"
            ),
        })?;
        let line = terminal::line(ending).await;
        drop(unseen);
        let line = Zeroizing::new(line?.trim().to_owned());
        if line.is_empty() {
            return Err(Failure::WentBack);
        }
        match mnemonic::decode(&line) {
            Ok(_) => return Ok(line),
            Err(error) => console::write_here(&format!("{}. Try again:\n", wordless(&error))),
        }
    }
}

/// What is wrong with a phrase, without a word of it.
fn wordless(error: &MnemonicError) -> String {
    match error {
        MnemonicError::InvalidWord { position, .. } => format!(
            "word {position} cannot stand there in a recovery phrase; check its spelling and the \
             words before it"
        ),
        MnemonicError::ChecksumMismatch { .. } => {
            "the last word does not match the others: a word is wrong, or two are swapped"
                .to_owned()
        }
        MnemonicError::NotEnoughWords { .. } | MnemonicError::TooManyWords { .. } => {
            error.to_string()
        }
        _ => "this is no recovery phrase".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_phrase_is_told_without_its_words() {
        let swapped =
            "abbey abbey abbey abbey abbey abbey abbey abbey abbey abbey abbey abbey zoom";
        for phrase in [swapped, "abbey zebraphone", &swapped.replace("zoom", "zebraphone")] {
            let sentence = wordless(&mnemonic::decode(phrase).err().unwrap());
            assert!(phrase.split(' ').all(|word| !sentence.contains(word)), "{sentence}");
        }
    }
}
