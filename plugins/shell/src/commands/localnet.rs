//! `localnet`: a local network that others can join.

use std::net::{IpAddr, Ipv4Addr};

use crate::cli::LocalnetArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::local;
use crate::private;
use crate::progress::Progress;
use crate::record::Record;
use crate::signals::Ending;

pub(crate) async fn run(args: &LocalnetArgs, console: &Console) -> Result<(), Failure> {
    let bind: Ipv4Addr = match args.bind {
        IpAddr::V4(bind) => bind,
        IpAddr::V6(bind) => {
            let sentence = format!("--bind {bind}: service nodes have IPv4 addresses; give one");
            return Err(Failure::Usage { sentence });
        }
    };
    let ending =
        Ending::on_signals().map_err(|error| Failure::System { reason: error.to_string() })?;
    let mut progress = Progress::quiet(console);
    progress.step(format!("starting {} service nodes", args.nodes)).await;
    let localnet = local::start(|config| {
        config.nodes = args.nodes.into();
        config.swarm_size = args.swarm_size.into();
        config.bind = bind;
        config.state = args.state.clone();
    })
    .await?;
    progress.clear();
    if let Some(path) = &args.write_network {
        let text = local::network_file(&localnet).to_toml();
        private::put_in_place(path, &text, private::Readers::All)
            .map_err(|error| Failure::file(path, error))?;
    }
    let ready = Record::Ready {
        network: "local".to_owned(),
        nodes: localnet.nodes().len(),
        seed: localnet.seed_url(),
        file: args.write_network.as_ref().map(|path| path.display().to_string()),
    };
    match console.record(&ready).await {
        // Whoever started it may have read enough.
        Ok(()) | Err(Failure::OutputGone) => {}
        Err(failure) => return Err(failure),
    }
    ending.wait().await;
    Ok(localnet.stop().await?)
}
