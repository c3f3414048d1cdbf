//! The one certificate that all nodes of a local network show, of the kind
//! real storage servers make for themselves (02 section 4.1).

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::LocalnetError;

/// A certificate with its key, as PEM.
pub struct Certificate {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

impl Certificate {
    /// RSA-2048, self-signed, X.509 v3. rcgen draws the key from the
    /// operating system: nothing depends on which key it is.
    pub fn generate() -> Result<Self, LocalnetError> {
        Self::make().map_err(LocalnetError::certificate)
    }

    fn make() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, "AU");
        subject.push(DnType::CommonName, "localhost");
        subject.push(DnType::OrganizationName, "Oxen");
        params.distinguished_name = subject;
        params.serial_number = Some(1.into());
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2054, 1, 1);
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
        })
    }

    /// TLS 1.2 and 1.3 without ALPN, as real nodes speak it.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, String> {
        let certificate =
            CertificateDer::from_pem_slice(&self.certificate).map_err(|error| error.to_string())?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| error.to_string())?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder.with_no_client_auth().with_single_cert(vec![certificate], key)
            })
            .map_err(|error| error.to_string())?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
