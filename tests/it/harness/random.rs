//! Choices that can be made again.

/// For `KPL_SEED`; another one every time otherwise. A test that fails shows its seed.
pub fn random() -> fastrand::Rng {
    let seed = std::env::var("KPL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    eprintln!("KPL_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
