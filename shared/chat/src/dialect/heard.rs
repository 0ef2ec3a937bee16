//! Declares the events that a client of a dialect hears.

/// Declares an enum with one variant for each event: its docs, the type of its argument, and its name.
///
/// The method `event` gives the event of a value, so that a dialect can send no event that is not declared, and none
/// with another argument. With the feature `contracts`, `contract` lists all events.
macro_rules! heard {
    (
        $(#[$outer:meta])*
        enum $Heard:ident { $($(#[doc = $says:literal])+ $Variant:ident($Argument:ty) = $event:literal,)+ }
    ) => {
        $(#[$outer])*
        pub(super) enum $Heard {
            $($(#[doc = $says])+ $Variant($Argument),)+
        }

        impl $Heard {
            /// The event that a socket receives.
            pub(super) fn event(&self) -> $crate::dialect::Event {
                match self {
                    $(Self::$Variant(argument) => ($event, $crate::dialect::json::value(argument)),)+
                }
            }

            /// All events, in the order of their declaration.
            #[cfg(feature = "contracts")]
            pub(super) fn contract() -> Vec<$crate::dialect::contract::Heard> {
                vec![$($crate::dialect::contract::Heard {
                    event: $event,
                    says: concat!($($says),+).trim(),
                    argument: $crate::dialect::contract::schema::<$Argument>,
                }),+]
            }
        }
    };
}

pub(super) use heard;
