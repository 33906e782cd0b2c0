//! The messages by themselves.

use kpl_core::kafka::Mechanism;

use crate::kafka::LogIn;
use crate::kafka::answer::{Answer, Form, printable};
use crate::kafka::request::{ApiKey, Request};
use crate::kafka::scram::{Failed, Scram};

/// The example of RFC 7677, section 3.
fn rfc() -> LogIn {
    LogIn { mechanism: Mechanism::ScramSha256, user: "user".into(), password: "pencil".into() }
}

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

#[test]
fn scram_is_that_of_the_rfc() {
    let log_in = rfc();
    let mut scram = Scram::with_nonce(&log_in, NONCE.into());
    assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assert_eq!(
        scram.answer(CHALLENGE.as_bytes()).unwrap(),
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    assert_eq!(scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
    assert_eq!(scram.verify(b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Err(Failed::Unproved));
    assert_eq!(scram.verify(b"v="), Err(Failed::Unproved));
    assert_eq!(scram.verify(b"e=invalid-proof"), Err(Failed::Error("invalid-proof".into())));
}

#[test]
fn a_challenge_that_is_not_for_us_is_not_answered() {
    let log_in = rfc();
    for (challenge, failed) in [
        ("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Failed::Message("a nonce that goes on from ours")),
        ("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Failed::Message("a nonce that goes on from ours")),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", Failed::Iterations(1)),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000", Failed::Iterations(4_000_000_000)),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=???,i=4096", Failed::Message("a salt")),
        ("", Failed::Message("a nonce")),
    ] {
        assert_eq!(Scram::with_nonce(&log_in, NONCE.into()).answer(challenge.as_bytes()), Err(failed), "{challenge}");
    }
}

#[test]
fn a_user_may_have_any_name() {
    let log_in = LogIn { user: "a=b,c".into(), ..rfc() };
    assert_eq!(Scram::with_nonce(&log_in, "x".into()).first(), "n,,n=a=3Db=2Cc,r=x");
}

#[test]
fn a_nonce_is_never_the_same() {
    let log_in = rfc();
    assert_ne!(Scram::new(&log_in).unwrap().first(), Scram::new(&log_in).unwrap().first());
}

#[test]
fn what_is_written_is_read() {
    let long = "x".repeat(300);
    for form in [Form::Fixed, Form::Flexible] {
        let request = Request::new(ApiKey::Metadata, 0, form).list(2).text(&long).text("").blob(b"ab").tags();
        let frame = request.frame(7);
        let skipped = 4 + 8 + 2 + "kafka-privatelink-operator".len() + usize::from(form == Form::Flexible);
        let mut answer = Answer::new(&frame[skipped..], form);
        assert_eq!(answer.list(), Ok(2));
        assert_eq!((answer.text(), answer.text()), (Ok(long.as_str()), Ok("")));
        assert_eq!(answer.blob(), Ok(b"ab".as_slice()));
        assert_eq!((answer.tags(), answer.left()), (Ok(()), 0));
    }
}

#[test]
fn texts_from_outside_are_short_and_printable() {
    assert_eq!(printable(b"\x1b[31mred\n"), "[31mred");
    assert_eq!(printable(&[0xff; 1000]).chars().count(), 200);
}
