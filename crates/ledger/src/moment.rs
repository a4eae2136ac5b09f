//! Moments as text of one form only, so that the same moment always has the same bytes: UTC, six decimals, which is
//! what the database keeps.

use serde::{Deserialize, Deserializer, Serializer, de, ser};
use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

const FORM: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

pub(crate) fn serialize<S: Serializer>(moment: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = moment.to_offset(UtcOffset::UTC).format(FORM);
    serializer.serialize_str(&text.map_err(ser::Error::custom)?)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let moment = PrimitiveDateTime::parse(&text, FORM).map_err(de::Error::custom)?;
    Ok(moment.assume_utc())
}
