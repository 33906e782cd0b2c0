//! SCRAM by RFC 5802 and RFC 7677, without channel binding, as Kafka has it.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kpl_core::kafka::Mechanism;
use thiserror::Error;

use super::access::LogIn;

/// RFC 7677 asks for no fewer.
const FEWEST_ITERATIONS: u32 = 4_096;
/// Kafka stores at most 16,384; a server that asks for more would have us compute for it.
const MOST_ITERATIONS: u32 = 65_536;
/// Of our nonce, in bytes.
const NONCE: usize = 24;
/// The header that says that no channel is bound, in base64.
const UNBOUND: &str = "biws";

/// The other side does not keep to the protocol, or does not know the password.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum Failed {
    #[error("no random number is to be had")]
    Random,
    #[error("the broker's SCRAM message lacks {0}, or it is not as the RFC says")]
    Message(&'static str),
    #[error("the broker asks for {0} iterations of SCRAM, outside of 4096 to 65536")]
    Iterations(u32),
    #[error("the broker did not prove that it knows the password")]
    Unproved,
    #[error("the broker answered SCRAM with an error: {0}")]
    Error(String),
}

/// One log-in, message by message.
pub(super) struct Scram<'a> {
    log_in: &'a LogIn,
    nonce: String,
    server_signature: Vec<u8>,
}

impl<'a> Scram<'a> {
    pub(super) fn new(log_in: &'a LogIn) -> Result<Self, Failed> {
        let mut nonce = [0; NONCE];
        rand::fill(&mut nonce).map_err(|_| Failed::Random)?;
        Ok(Self::with_nonce(log_in, STANDARD.encode(nonce)))
    }

    pub(super) fn with_nonce(log_in: &'a LogIn, nonce: String) -> Self {
        Self { log_in, nonce, server_signature: Vec::new() }
    }

    fn bare(&self) -> String {
        let user = self.log_in.user.replace('=', "=3D").replace(',', "=2C");
        format!("n={user},r={}", self.nonce)
    }

    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare())
    }

    /// The last message to the server, by its challenge.
    pub(super) fn answer(&mut self, challenge: &[u8]) -> Result<String, Failed> {
        let challenge = str::from_utf8(challenge).map_err(|_| Failed::Message("UTF-8"))?;
        let nonce = attribute(challenge, "r=").ok_or(Failed::Message("a nonce"))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(Failed::Message("a nonce that goes on from ours"));
        }
        let salt = attribute(challenge, "s=").and_then(|salt| STANDARD.decode(salt).ok());
        let salt = salt.ok_or(Failed::Message("a salt"))?;
        let iterations = attribute(challenge, "i=").and_then(|count| count.parse::<u32>().ok());
        let iterations = iterations.ok_or(Failed::Message("a count of iterations"))?;
        let rounds = NonZeroU32::new(iterations)
            .filter(|rounds| (FEWEST_ITERATIONS..=MOST_ITERATIONS).contains(&rounds.get()))
            .ok_or(Failed::Iterations(iterations))?;

        let salted = self.salted(&salt, rounds);
        let client_key = self.signed(&salted, b"Client Key");
        let stored_key = digest::digest(self.digest(), &client_key);
        // The nonce exactly as the server wrote it: Kafka from 4.3 on compares.
        let last = format!("c={UNBOUND},r={nonce}");
        let all = format!("{},{challenge},{last}", self.bare());
        let signature = self.signed(stored_key.as_ref(), all.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
        let server_key = self.signed(&salted, b"Server Key");
        self.server_signature = self.signed(&server_key, all.as_bytes());
        Ok(format!("{last},p={}", STANDARD.encode(proof)))
    }

    /// Whether the server knows the password too.
    pub(super) fn verify(&self, verdict: &[u8]) -> Result<(), Failed> {
        let verdict = str::from_utf8(verdict).map_err(|_| Failed::Message("UTF-8"))?;
        if let Some(error) = attribute(verdict, "e=") {
            return Err(Failed::Error(super::answer::printable(error.as_bytes())));
        }
        let signature = attribute(verdict, "v=").and_then(|signature| STANDARD.decode(signature).ok());
        let signature = signature.ok_or(Failed::Message("a signature"))?;
        let proved = aws_lc_rs::constant_time::verify_slices_are_equal(&signature, &self.server_signature).is_ok();
        if proved && !signature.is_empty() { Ok(()) } else { Err(Failed::Unproved) }
    }

    fn is_256(&self) -> bool {
        self.log_in.mechanism == Mechanism::ScramSha256
    }

    fn digest(&self) -> &'static digest::Algorithm {
        if self.is_256() { &digest::SHA256 } else { &digest::SHA512 }
    }

    fn signed(&self, key: &[u8], message: &[u8]) -> Vec<u8> {
        let algorithm = if self.is_256() { hmac::HMAC_SHA256 } else { hmac::HMAC_SHA512 };
        hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
    }

    fn salted(&self, salt: &[u8], rounds: NonZeroU32) -> Vec<u8> {
        let algorithm = if self.is_256() { pbkdf2::PBKDF2_HMAC_SHA256 } else { pbkdf2::PBKDF2_HMAC_SHA512 };
        let mut salted = vec![0; self.digest().output_len()];
        pbkdf2::derive(algorithm, rounds, salt, self.log_in.password.as_bytes(), &mut salted);
        salted
    }
}

fn attribute<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|part| part.strip_prefix(name))
}
