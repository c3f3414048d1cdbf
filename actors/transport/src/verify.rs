//! Which certificate is good enough. Both verifiers check the signature of
//! the handshake: whoever shows a certificate must hold its key.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ramson_messages::transport::Pin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A verifier that takes any certificate (02 section 3.3): a service node is
/// proven by the X25519 key to which its onion layer is sealed.
pub(crate) fn any_certificate(provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(ByRule { rule: AnyCertificate, provider })
}

/// A verifier that takes only pinned certificates, for their own names and
/// while they are valid. The pinned seeds are self-signed with CA=true, which
/// an ordinary verifier refuses.
pub(crate) fn pinned(pins: Vec<Pin>, provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(ByRule { rule: Pinned(pins), provider })
}

#[derive(Debug)]
struct AnyCertificate;

#[derive(Debug)]
struct Pinned(Vec<Pin>);

/// Why a certificate is not the pinned one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PinError {
    #[error("its certificate cannot be read ({0})")]
    Unreadable(String),
    #[error("its certificate is not the pinned one")]
    OtherKey,
    #[error("its key is pinned, but not in this certificate")]
    OtherCertificate,
    #[error("its certificate is for {names}, not for {wanted}")]
    OtherName { names: String, wanted: String },
    #[error("its certificate is not valid yet")]
    NotValidYet,
    #[error("its certificate has expired")]
    Expired,
}

impl From<PinError> for rustls::Error {
    fn from(error: PinError) -> Self {
        CertificateError::Other(OtherError(Arc::new(error))).into()
    }
}

impl Rule for AnyCertificate {
    fn check(
        &self,
        _: &CertificateDer<'_>,
        _: &ServerName<'_>,
        _: UnixTime,
    ) -> Result<(), PinError> {
        Ok(())
    }
}

impl Rule for Pinned {
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        wanted: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), PinError> {
        let (rest, parsed) = X509Certificate::from_der(certificate)
            .map_err(|error| PinError::Unreadable(error.to_string()))?;
        if !rest.is_empty() {
            return Err(PinError::Unreadable("something follows it".to_owned()));
        }
        let spki: [u8; 32] = Sha256::digest(parsed.public_key().raw).into();
        let whole: [u8; 32] = Sha256::digest(certificate).into();
        let mut with_this_key = self.0.iter().filter(|pin| pin.spki_sha256 == spki).peekable();
        if with_this_key.peek().is_none() {
            return Err(PinError::OtherKey);
        }
        if !with_this_key.any(|pin| pin.certificate_sha256.is_none_or(|pinned| pinned == whole)) {
            return Err(PinError::OtherCertificate);
        }
        check_name(&parsed, wanted)?;
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now < parsed.validity().not_before.timestamp() {
            return Err(PinError::NotValidYet);
        }
        if now > parsed.validity().not_after.timestamp() {
            return Err(PinError::Expired);
        }
        Ok(())
    }
}

/// A subject alternative name must be exactly the wanted one: no wildcards,
/// no common name.
fn check_name(certificate: &X509Certificate<'_>, wanted: &ServerName<'_>) -> Result<(), PinError> {
    let extension = certificate
        .subject_alternative_name()
        .map_err(|error| PinError::Unreadable(error.to_string()))?;
    let names = extension.map(|extension| extension.value.general_names.as_slice());
    let names = names.unwrap_or_default();
    let found = names.iter().any(|name| match (name, wanted) {
        (GeneralName::DNSName(name), ServerName::DnsName(wanted)) => {
            name.eq_ignore_ascii_case(wanted.as_ref())
        }
        (GeneralName::IPAddress(bytes), ServerName::IpAddress(wanted)) => {
            match IpAddr::from(*wanted) {
                IpAddr::V4(ip) => ip.octets() == *bytes,
                IpAddr::V6(ip) => ip.octets() == *bytes,
            }
        }
        _ => false,
    });
    if found {
        return Ok(());
    }
    let names: Vec<String> = names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect();
    Err(PinError::OtherName {
        names: if names.is_empty() { "no name".to_owned() } else { names.join(", ") },
        wanted: wanted.to_str().into_owned(),
    })
}

/// What makes a certificate good enough. That its owner holds the key is
/// checked beside it, for every rule.
trait Rule: fmt::Debug + Send + Sync {
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        wanted: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), PinError>;
}

/// A verifier that goes by a rule instead of a chain of certificates.
#[derive(Debug)]
struct ByRule<R> {
    rule: R,
    provider: Arc<CryptoProvider>,
}

impl<R: Rule> ServerCertVerifier for ByRule<R> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        wanted: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.rule.check(certificate, wanted, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rustls::pki_types::pem::PemObject;
    use std::time::Duration;

    use super::*;

    /// The mainnet seeds' own certificates, which an ordinary verifier refuses.
    #[test]
    fn the_mainnet_seeds_pass_with_their_own_pins_only() {
        let seeds: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/seeds.json")).unwrap();
        let seeds = seeds["mainnet_https"].as_array().unwrap();
        assert_eq!(seeds.len(), 3);
        let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        let (year_2026, year_2034) = (at(1_767_225_600), at(2_019_686_400));
        for (index, seed) in seeds.iter().enumerate() {
            let pem = seed["certificate_pem"].as_str().unwrap();
            let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
            let host = ServerName::try_from(seed["host"].as_str().unwrap()).unwrap();
            let spki = STANDARD.decode(seed["spki_sha256_b64"].as_str().unwrap()).unwrap();
            let whole = seed["certificate_sha256"].as_str().unwrap().replace(':', "");
            let whole = hex::decode(whole).unwrap();
            let pin = Pin {
                spki_sha256: spki.try_into().unwrap(),
                certificate_sha256: Some(whole.try_into().unwrap()),
            };
            let verifier = Pinned(vec![pin]);
            assert_eq!(verifier.check(&certificate, &host, year_2026), Ok(()));
            assert_eq!(verifier.check(&certificate, &host, year_2034), Err(PinError::Expired));
            let other = seeds[(index + 1) % 3]["certificate_pem"].as_str().unwrap();
            let other = CertificateDer::from_pem_slice(other.as_bytes()).unwrap();
            assert_eq!(verifier.check(&other, &host, year_2026), Err(PinError::OtherKey));
        }
    }
}
