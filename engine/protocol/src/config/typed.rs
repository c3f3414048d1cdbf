//! What the configs of an account have in common: each is a [`Config`] whose
//! keys have names.
//!
//! [`Config`]: super::Config

macro_rules! typed_config {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(crate::config::Config);

        impl $name {
            /// An empty one, before the first poll.
            pub fn new() -> Self {
                Self(crate::config::Config::new(crate::config::ConfigKind::$name))
            }

            /// The one that was kept.
            pub fn load(
                owner: &crate::config::Owner<'_>,
                dump: &[u8],
            ) -> Result<Self, crate::config::LoadError> {
                let kind = crate::config::ConfigKind::$name;
                crate::config::Config::load(kind, owner, dump).map(Self)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::ops::Deref for $name {
            type Target = crate::config::Config;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl std::ops::DerefMut for $name {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }
    };
}

pub(super) use typed_config;
