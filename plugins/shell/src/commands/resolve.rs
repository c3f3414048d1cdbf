//! `resolve`: the Account ID that a name stands for.

use ramson_codec::ons::Name;
use ramson_system::EngineError;

use super::Context;
use super::peer::Peer;
use super::reach::Limit;
use crate::cli::ResolveArgs;
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::Record;

/// A checked `resolve`.
pub(crate) struct Resolve {
    name: Name,
}

impl Resolve {
    pub(super) fn prepare(args: &ResolveArgs) -> Result<Self, Failure> {
        Ok(Self { name: args.name.parse().map_err(EngineError::BadNameText)? })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut progress = Progress::quiet(&context.console);
        let peer = Peer::Name(self.name.clone());
        let found = peer.find(context, None, &mut Limit::of(context), &progress).await;
        progress.clear();
        let (name, id) = (self.name.to_string(), found?.to_string());
        context.console.record(&Record::Name { name, id }).await
    }
}
