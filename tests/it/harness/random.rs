//! Choices that can be made again.

/// Picks a few of many; `KPL_PICK` picks the same again, and without it they are others every time. A test that
/// fails shows its number. `make test` picks by the commit, so that all who run one commit run the same.
pub fn random() -> fastrand::Rng {
    let given = std::env::var("KPL_PICK").ok().map(|pick| pick.parse().expect("KPL_PICK is a number"));
    let pick = given.unwrap_or_else(|| fastrand::u64(..1_000_000));
    println!("KPL_PICK={pick}");
    fastrand::Rng::with_seed(pick)
}
