//! The form all comparators share: a handful of named levels, best first.

/// An enum of levels with a stable code each and its position, which is where its weight stands.
macro_rules! levels {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$about:meta])* $variant:ident = $code:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)+ }

        impl $name {
            /// What weights and explanations call the levels, from the strongest agreement to the strongest disagreement.
            pub(crate) const CODES: &[&str] = &[$($code),+];

            /// In the order of their positions.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            pub(crate) const fn position(self) -> usize {
                self as usize
            }
        }
    };
}

pub(crate) use levels;
