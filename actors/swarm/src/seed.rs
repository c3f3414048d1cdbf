//! Asking a seed for the node pool.

use std::fmt;
use std::time::Duration;

use ramson_codec::seed_rpc;
use ramson_messages::Link;
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_types::NodePool;

/// How long a seed may take; its list of a whole network is some hundred KB.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A seed of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedAddress {
    /// Its URL, as the user knows it.
    pub url: String,
    /// Where it listens, and how it is proven.
    pub endpoint: Endpoint,
    /// The path of the URL.
    pub path: String,
}

impl fmt::Display for SeedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// The seed's usable nodes, or one sentence on why there are none.
pub(crate) async fn ask(post: &Link<Post>, seed: &SeedAddress) -> Result<NodePool, String> {
    let request = Post {
        class: IsolationClass::NETWORK,
        to: seed.endpoint.clone(),
        path: seed.path.clone(),
        content_type: Some("application/json"),
        body: seed_rpc::get_service_nodes_request(),
        timeout: TIMEOUT,
    };
    let answer = post
        .ask(request)
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("it answered with HTTP status {}", answer.status));
    }
    let list = seed_rpc::parse_service_nodes(&answer.body).map_err(|error| error.to_string())?;
    Ok(list.nodes.into_iter().collect())
}
