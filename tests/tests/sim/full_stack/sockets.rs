//! The simulated network behind the traits for sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use ramson_localnet::{Accepting, Listen, Stream};
use ramson_messages::transport::IsolationClass;
use ramson_transport_actor::{Address, BoxedStream, Dial, Dialing, Host};
use turmoil::net::{TcpListener, TcpStream};

/// Dials hosts of the simulation.
pub(super) struct SimDial;

impl Dial for SimDial {
    fn dial(&self, to: &Address, _: IsolationClass) -> Dialing {
        let to = to.clone();
        Box::pin(async move {
            let Host::Ip(ip) = to.host else {
                return Err(io::Error::other("there are no names in this network"));
            };
            let stream = TcpStream::connect((ip, to.port)).await?;
            Ok(Box::new(stream) as BoxedStream)
        })
    }
}

/// Listens on the host that binds it.
pub(super) struct SimListener(TcpListener);

impl SimListener {
    pub(super) async fn bind(port: u16) -> io::Result<Self> {
        Ok(Self(TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)).await?))
    }
}

impl Listen for SimListener {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async move {
            let (stream, peer) = self.0.accept().await?;
            Ok((Box::new(stream) as Box<dyn Stream>, peer.ip()))
        })
    }
}
