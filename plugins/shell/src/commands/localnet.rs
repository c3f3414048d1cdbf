//! `localnet`: a local network that others can join, and what is done to one
//! that runs.

mod control;
mod files;
pub(crate) mod show;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use ramson_localnet::{LocalnetConfig, Quirks};

use crate::cli::LocalnetArgs;
use crate::console::Console;
use crate::control::socket;
use crate::error::Failure;
use crate::local;
use crate::private;
use crate::progress::Progress;
use crate::record::Record;
use crate::signals::Ending;
use ramson_host::{Readers, put_in_place};

pub(crate) async fn run(args: &LocalnetArgs, console: &Console) -> Result<(), Failure> {
    if let Some(command) = &args.command {
        return control::run(command, console).await;
    }
    let shape = Shape::read(args)?;
    let ending = Ending::on_signals()?;
    let mut progress = Progress::quiet(console);
    progress.step(format!("starting {} service nodes", args.nodes)).await;
    let localnet = local::start(|config| shape.apply(config)).await?;
    progress.clear();
    let network_file = local::network_file(&localnet);
    if let Some(path) = &args.write_network {
        put_in_place(path, &network_file.to_toml(), Readers::All)
            .map_err(|error| Failure::file(path, error))?;
    }
    let ready = Record::Ready {
        network: "local".to_owned(),
        nodes: localnet.nodes().len(),
        seed: localnet.seed_url(),
        file: args.write_network.as_ref().map(|path| path.display().to_string()),
        file_server: network_file.file_server.map(|server| server.url.to_string()),
        page: localnet.page_url(),
    };
    match console.record(&ready).await {
        // Whoever started it may have read enough.
        Ok(()) | Err(Failure::OutputGone) => {}
        Err(failure) => return Err(failure),
    }
    tokio::select! {
        biased;
        _ = ending.wait() => {}
        () = localnet.stop_asked() => {}
    }
    Ok(localnet.stop().await?)
}

/// What the arguments make of a network, all files read.
struct Shape<'a> {
    args: &'a LocalnetArgs,
    bind: Ipv4Addr,
    state: Option<PathBuf>,
    control: Option<PathBuf>,
    files: files::Files,
}

impl<'a> Shape<'a> {
    fn read(args: &'a LocalnetArgs) -> Result<Self, Failure> {
        let bind = match args.bind {
            IpAddr::V4(bind) => bind,
            IpAddr::V6(bind) => {
                let sentence =
                    format!("--bind {bind}: service nodes have IPv4 addresses; give one");
                return Err(Failure::Usage { sentence });
            }
        };
        let files = files::Files::read(args)?;
        let (state, control) = match &args.state {
            None => (None, None),
            Some(state) => {
                private::make_folder(state).map_err(|error| Failure::file(state, error))?;
                let (state, socket) = places(state)?;
                (Some(state), Some(socket))
            }
        };
        Ok(Self { args, bind, state, control, files })
    }

    fn apply(self, config: &mut LocalnetConfig) {
        let Self { args, bind, state, control, files } = self;
        config.nodes = args.nodes.into();
        config.swarm_size = args.swarm_size.into();
        config.bind = bind;
        config.base_port = args.port.unwrap_or(0);
        config.state = state;
        config.control = control;
        config.page = (!args.no_page).then_some(args.page_port.unwrap_or(0));
        config.quirks = if args.faithful { Quirks::faithful() } else { Quirks::mended() };
        config.names = files.names;
        config.faults = files.faults;
    }
}

/// The state folder by its full path, and where its control socket lies.
fn places(state: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let place = || {
        let state = state.canonicalize()?;
        let socket = socket::path_of(&state)?;
        Ok((state, socket))
    };
    place().map_err(|error| Failure::file(state, error))
}
