//! Which ports the network listens on.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::LocalnetConfig;
use crate::error::LocalnetError;
use crate::state::Ports;

/// An address, and who listens there.
pub(crate) type Bound = (SocketAddr, TcpListener);

/// Everybody's listener.
pub(crate) struct Listeners {
    pub(crate) seed: Bound,
    pub(crate) nodes: Vec<Bound>,
    pub(crate) file_server: Bound,
    pub(crate) page: Option<Bound>,
}

impl Listeners {
    /// The ports, for the next time.
    pub(crate) fn ports(&self) -> Ports {
        Ports {
            seed: self.seed.0.port(),
            nodes: self.nodes.iter().map(|(address, _)| address.port()).collect(),
            file_server: self.file_server.0.port(),
            page: self.page.as_ref().map_or(0, |(address, _)| address.port()),
        }
    }
}

/// Binds everybody: to the ports of the configuration, else to those
/// remembered if all are free, else to any.
pub(crate) async fn bind(
    config: &LocalnetConfig,
    remembered: &Ports,
) -> Result<Listeners, LocalnetError> {
    let count = config.nodes.saturating_add(2);
    let any = vec![0; count];
    let mut bound = match u16::try_from(config.nodes.saturating_add(1)) {
        _ if config.base_port == 0 && remembered.nodes.len() == config.nodes => {
            let mut ports = vec![remembered.seed];
            ports.extend_from_slice(&remembered.nodes);
            ports.push(remembered.file_server);
            match bind_all(config.bind, &ports).await {
                Ok(bound) => bound,
                Err(_) => bind_all(config.bind, &any).await?,
            }
        }
        _ if config.base_port == 0 => bind_all(config.bind, &any).await?,
        Ok(others) if config.base_port.checked_add(others).is_some() => {
            let last = config.base_port.saturating_add(others);
            let ports: Vec<u16> = (config.base_port..=last).collect();
            bind_all(config.bind, &ports).await?
        }
        _ => {
            return Err(LocalnetError::NoPorts {
                base_port: config.base_port,
                nodes: config.nodes,
            });
        }
    };
    let seed = bound.remove(0);
    let file_server = bound.remove(config.nodes);
    let page = match config.page {
        None => None,
        Some(0) => match listen(Ipv4Addr::LOCALHOST, remembered.page).await {
            Ok(bound) => Some(bound),
            Err(_) => Some(listen(Ipv4Addr::LOCALHOST, 0).await?),
        },
        Some(port) => Some(listen(Ipv4Addr::LOCALHOST, port).await?),
    };
    Ok(Listeners { seed, nodes: bound, file_server, page })
}

async fn bind_all(ip: Ipv4Addr, ports: &[u16]) -> Result<Vec<Bound>, LocalnetError> {
    let mut bound = Vec::with_capacity(ports.len());
    for port in ports {
        bound.push(listen(ip, *port).await?);
    }
    Ok(bound)
}

/// Listens on a port; 0 lets the system choose.
pub(crate) async fn listen(ip: Ipv4Addr, port: u16) -> Result<Bound, LocalnetError> {
    let failed = |error: std::io::Error| LocalnetError::Bind {
        address: SocketAddr::from((ip, port)),
        reason: error.to_string(),
    };
    let listener = TcpListener::bind((ip, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((address, listener))
}
