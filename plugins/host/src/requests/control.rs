//! Control of the program itself.

use std::sync::Arc;

use ramson_system::Engine;
use ramson_wire::{Account, Answer, Control, Reply};
use tokio::sync::oneshot;

use super::{Owed, engine};
use crate::convert::conversation::account;
use crate::convert::ids::{account_id, account_of};
use crate::convert::refusal::{Refused, of_engine, of_host, refusal};
use crate::gate::Gate;
use crate::host::{Allowed, Errand, Host};
use crate::shared::Shared;

/// Carries out what a plugin asks of the program.
pub(super) async fn carry(host: Host, shared: Arc<Shared>, owed: Owed, control: Control) {
    if let Control::StopPlugin { name } = &control
        && *name == owed.seat.name
    {
        // Once it has stopped it cannot be answered any more.
        owed.pay(Ok(Answer::Done));
        if let Err(error) = host.stop(name).await {
            tracing::warn!("'{name}' asked to be stopped: {error}");
        }
        return;
    }
    let reply = answer(&host, &shared, &owed.seat.gate, control).await;
    owed.pay(reply);
}

async fn answer(host: &Host, shared: &Shared, gate: &Gate, control: Control) -> Refused<Answer> {
    let done = match control {
        Control::SetWindow { window } => {
            return shared.places.set(window, gate).map(|()| Answer::Done);
        }
        Control::UseUi { name } => host.use_ui_for_plugin(&name).await,
        Control::LoadPlugin { name } => host.load(&name, Allowed::AsDecided).await.map(drop),
        Control::AllowPlugin { name, grants, accounts } => {
            host.allow_for_plugin(&name, grants.into_iter().collect(), accounts).await
        }
        Control::StopPlugin { name } => host.stop(&name).await,
        Control::SwapPlugin { name } => host.swap(&name).await.map(drop),
        Control::CreateAccount { name } => return create(&engine(shared)?.engine, name).await,
        Control::RemoveAccount { account } => {
            let (engine, account) = (engine(shared)?.engine, account_of(&account)?);
            let removed = engine.remove_account(&account).await;
            return removed.map(|()| Answer::Done).map_err(|error| of_engine(&error));
        }
        Control::BeginDemo => return errand(shared, |tell| Errand::BeginDemo { tell }).await,
        Control::BeginNew { name } => {
            return errand(shared, |tell| Errand::BeginNew { name, tell }).await;
        }
        Control::BeginRestore => return errand(shared, |tell| Errand::BeginRestore { tell }).await,
        Control::HandOver { task } => {
            return errand(shared, |tell| Errand::HandOver { task, tell }).await;
        }
        Control::Quit => return errand(shared, |tell| Errand::Quit { tell }).await,
    };
    done.map(|()| Answer::Done).map_err(|error| of_host(&error))
}

async fn create(engine: &Engine, name: Option<String>) -> Refused<Answer> {
    let made = engine.create_account(name).await.map_err(|error| of_engine(&error))?;
    let account = match engine.profile(&made.id).await {
        Ok(profile) => account(&profile),
        // It is there all the same.
        Err(_) => Account {
            id: account_id(&made.id),
            name: made.name,
            read_receipts: false,
            typing: false,
        },
    };
    Ok(Answer::Account { account })
}

/// Asks the program, and waits for what it says.
async fn errand(
    shared: &Shared,
    errand: impl FnOnce(oneshot::Sender<Reply>) -> Errand,
) -> Refused<Answer> {
    let (tell, told) = oneshot::channel();
    let nobody = || refusal("NotSupported", "this program does not do that; start 'ramson'");
    shared.errands.send(errand(tell)).await.map_err(|_| nobody())?;
    told.await.map_err(|_| nobody())?.into_result()
}
