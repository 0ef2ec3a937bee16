//! Shapes as JSON, and the values in them that are no plain texts or numbers.

use relay::clock::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A shape as JSON. Keys of shapes are texts, so no shape fails; one that did would be null.
pub(super) fn value(shape: &impl Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}

/// A boolean that is always the same.
#[derive(Clone, Copy)]
pub(super) struct Always<const IT: bool>;

impl<const IT: bool> Serialize for Always<IT> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(IT)
    }
}

/// A time as ISO 8601 in UTC with milliseconds.
#[derive(Clone, Copy)]
pub(super) struct IsoTime(pub(super) Timestamp);

impl Serialize for IsoTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.iso())
    }
}

/// A price. A whole number has no fraction.
#[derive(Clone, Copy)]
pub(super) struct Price(pub(super) f64);

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Every whole number up to this one is exact.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        let Self(price) = *self;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 2^53")]
        if price.fract() == 0.0 && price <= EXACT_MAX {
            serializer.serialize_u64(price as u64)
        } else {
            serializer.serialize_f64(price)
        }
    }
}

/// The schemas of the shapes that are no structs.
#[cfg(feature = "contracts")]
mod schemas {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Always, IsoTime, Price};

    impl<const IT: bool> JsonSchema for Always<IT> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "Always".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": "boolean", "const": IT})
        }
    }

    impl JsonSchema for IsoTime {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "IsoTime".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": "string", "format": "date-time"})
        }
    }

    impl JsonSchema for Price {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "Price".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": "number", "minimum": 0})
        }
    }
}
