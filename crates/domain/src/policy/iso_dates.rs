//! Dates as files and the database hold them: `2026-08-17`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::Date;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct IsoDate(#[serde(with = "iso_date")] Date);

pub(super) fn serialize<S: Serializer>(dates: &[Date], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(dates.iter().copied().map(IsoDate))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Date>, D::Error> {
    let dates = Vec::<IsoDate>::deserialize(deserializer)?;
    Ok(dates.into_iter().map(|IsoDate(date)| date).collect())
}
