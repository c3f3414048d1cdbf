//! What becomes of one request.

use std::fmt;

use ramson_node::HttpResponse;
use rand::RngExt as _;
use rand::rngs::StdRng;

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Good,
    /// The connection is refused.
    Refused,
    /// It vanishes.
    Hangs,
    /// The connection breaks before it is carried out.
    Reset,
    /// It is carried out, and the answer vanishes.
    AnswerLost,
    /// The answer comes seconds later, perhaps when nobody waits any more.
    Late,
    /// The answer ends early.
    Truncated,
    /// The answer is other bytes under any status.
    Garbage,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "carried",
            Self::Refused => "refused",
            Self::Hangs => "hangs",
            Self::Reset => "reset midway",
            Self::AnswerLost => "answer lost",
            Self::Late => "answer late",
            Self::Truncated => "answer truncated",
            Self::Garbage => "answer garbage",
        })
    }
}

impl Fate {
    const BAD: [Self; 7] = [
        Self::Refused,
        Self::Hangs,
        Self::Reset,
        Self::AnswerLost,
        Self::Late,
        Self::Truncated,
        Self::Garbage,
    ];

    /// Does to an answer what this fate means.
    pub(crate) fn mangle(self, answer: &mut HttpResponse, rng: &mut StdRng) {
        match self {
            Self::Truncated => {
                let left = rng.random_range(0..answer.body.len().max(1));
                answer.body.truncate(left);
            }
            Self::Garbage => {
                let status = [200, 200, 200, 400, 404, 421, 429, 500, 502, 503, 504];
                let which = rng.random_range(0..status.len());
                answer.status = status.get(which).copied().unwrap_or(200);
                answer.body = (0..rng.random_range(0..600)).map(|_| rng.random()).collect();
            }
            _ => {}
        }
    }
}

/// How often requests meet which fate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates([f64; 7]);

impl Rates {
    /// Every fault as often as every other, together as often as `share` says.
    pub const fn even(share: f64) -> Self {
        Self([share / 7.0; 7])
    }

    /// One kind of fault alone.
    pub fn only(fate: Fate, share: f64) -> Self {
        Self(Fate::BAD.map(|bad| if bad == fate { share } else { 0.0 }))
    }

    pub(crate) fn draw(&self, rng: &mut StdRng) -> Fate {
        let mut left: f64 = rng.random_range(0.0..1.0);
        for (fate, share) in Fate::BAD.into_iter().zip(self.0) {
            if left < share {
                return fate;
            }
            left -= share;
        }
        Fate::Good
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn fates_come_as_often_as_they_are_meant_to() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut bad =
            |rates: Rates| (0..10_000).filter(|_| rates.draw(&mut rng) != Fate::Good).count();
        assert_eq!(bad(Rates::default()), 0);
        assert!((1_800..2_200).contains(&bad(Rates::even(0.2))));
        assert!((900..1_100).contains(&bad(Rates::only(Fate::Late, 0.1))));
    }
}
