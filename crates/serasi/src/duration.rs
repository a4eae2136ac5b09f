//! How long something takes, as it is said at the telephone: `45 mnt`, `2 j 15 mnt`, `3 hari 4 j`.

const MINUTES_PER_HOUR: i64 = 60;
const MINUTES_PER_DAY: i64 = 24 * MINUTES_PER_HOUR;

/// Minutes in hours (jam) and minutes (menit); from a day on, in days (hari) and hours.
pub(crate) fn duration(minutes: i64) -> String {
    let (days, hours) = (
        minutes / MINUTES_PER_DAY,
        minutes % MINUTES_PER_DAY / MINUTES_PER_HOUR,
    );
    match (days, hours, minutes % MINUTES_PER_HOUR) {
        (0, 0, minutes) => format!("{minutes} mnt"),
        (0, hours, 0) => format!("{hours} j"),
        (0, hours, minutes) => format!("{hours} j {minutes} mnt"),
        (days, 0, _) => format!("{days} hari"),
        (days, hours, _) => format!("{days} hari {hours} j"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn minutes_are_told_in_the_units_people_use() {
        let told = [0, 45, 60, 135, 1_439, 1_440, 1_445, 4_560].map(duration);
        assert_eq!(
            told,
            [
                "0 mnt",
                "45 mnt",
                "1 j",
                "2 j 15 mnt",
                "23 j 59 mnt",
                "1 hari",
                "1 hari",
                "3 hari 4 j"
            ]
        );
    }
}
