//! The real random source. The only file that asks the operating system.

use ramson_messages::Entropy;
use rand::SeedableRng;
use rand::rngs::{StdRng, SysError, SysRng};

/// Seeds every generator from the operating system.
pub struct SystemEntropy {
    seeder: std::sync::Mutex<StdRng>,
}

impl SystemEntropy {
    /// A source seeded now; fails when the operating system has no randomness,
    /// and then nothing must be sealed.
    pub fn open() -> Result<Self, SysError> {
        Ok(Self { seeder: std::sync::Mutex::new(StdRng::try_from_rng(&mut SysRng)?) })
    }
}

impl Entropy for SystemEntropy {
    fn generator(&self, _actor: &str) -> StdRng {
        // A panic while holding the lock leaves a generator that is as good.
        let mut seeder = self.seeder.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        StdRng::from_rng(&mut *seeder)
    }
}
