//! How the network is and whose a name is: what [`Engine`] answers beside
//! messages.

use std::time::Duration;

use ramson_codec::ons::Name;
use ramson_messages::identity::{AccountStatus, GetAccountStatus};
use ramson_messages::paths::GetPathsStatus;
use ramson_messages::swarm::{GetSwarmStatus, InspectSwarm, ResolveName, SwarmMember, SwarmStatus};
use ramson_protocol::names::NameOutcome;
use ramson_protocol::paths::PathsStatus;
use ramson_types::AccountId;

use crate::engine::{Engine, EngineError};

/// The network as this engine sees it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkStatus {
    /// Node pool, budget, requests and polls.
    pub swarm: SwarmStatus,
    /// Paths for what is asked about the network itself; built when needed.
    pub own_paths: PathsStatus,
    /// Each account that runs, in the order of their ids.
    pub accounts: Vec<AccountNetwork>,
    /// For how long the engine has run.
    pub up: Duration,
}

/// An account's part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNetwork {
    /// Which account.
    pub id: AccountId,
    /// Its guards and paths; where accounts share them, the shared ones.
    pub paths: PathsStatus,
    /// Its clock, outbox and polls.
    pub status: AccountStatus,
}

impl Engine {
    /// Whose a name is (02 section 8). Three service nodes must say the same;
    /// they are asked over the paths of the account that wants to know, or the
    /// network's own where none does: over those of any other account, guards
    /// could tell that both belong together. What was found is kept for some
    /// minutes.
    pub async fn resolve(
        &self,
        name: &str,
        by: Option<&AccountId>,
    ) -> Result<AccountId, EngineError> {
        let name: Name = name.parse()?;
        self.is_online()?;
        let via = match by {
            Some(id) => Some(self.running(id)?.onion),
            None => None,
        };
        let ask = ResolveName { name: name.clone(), via };
        match self.wires.swarm.resolve.ask(ask).await?? {
            NameOutcome::Registered(account) => Ok(account),
            NameOutcome::NotRegistered => {
                Err(EngineError::NameNotRegistered { name: name.to_string() })
            }
        }
    }

    /// Paths, guards, node pool, clock and requests as they are now.
    pub async fn network_status(&self) -> Result<NetworkStatus, EngineError> {
        let swarm = self.wires.swarm.status.ask(GetSwarmStatus).await?;
        let own_paths = match &self.wires.network_paths {
            Some(paths) => paths.ask(GetPathsStatus).await?,
            None => PathsStatus::default(),
        };
        let mut accounts = Vec::new();
        for (id, wires) in self.wires.accounts() {
            let paths = wires.paths_status.ask(GetPathsStatus).await?;
            let status = wires.status.ask(GetAccountStatus).await?;
            accounts.push(AccountNetwork { id, paths, status });
        }
        Ok(NetworkStatus { swarm, own_paths, accounts, up: self.clock.elapsed() })
    }

    /// The members of an account's swarm, with address, keys and how they are
    /// doubted. Asks a service node where it is not known, over the account's
    /// own paths if it is one of this home.
    pub async fn swarm_of(&self, account: AccountId) -> Result<Vec<SwarmMember>, EngineError> {
        self.is_online()?;
        let via = self.wires.account(&account).map(|wires| wires.onion);
        Ok(self.wires.swarm.inspect.ask(InspectSwarm { account, via }).await??)
    }

    pub(crate) fn is_online(&self) -> Result<(), EngineError> {
        match self.wires.network_paths {
            Some(_) => Ok(()),
            None => Err(EngineError::Offline),
        }
    }
}
