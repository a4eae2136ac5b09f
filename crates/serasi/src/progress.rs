//! Progress bars for work that takes long: on a terminal only, and never with `--json`.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::output::Output;

/// With a known end: how far, how fast, how long still.
const BAR: &str = "{bar:32} {human_pos}/{human_len}  {rate}  {eta} left  {msg}";
/// From a pipe nobody knows the end.
const COUNTER: &str = "{spinner} {human_pos}  {rate}  {msg}";

/// A bar on stderr for `total` rows. It hides itself where stderr is no terminal.
pub(crate) fn progress(output: &Output<'_>, total: Option<u64>) -> ProgressBar {
    let target = if output.is_json() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let template = if total.is_some() { BAR } else { COUNTER };
    let style = ProgressStyle::with_template(template).expect("the templates above are well formed");
    // Indicatif's own rate has four decimals.
    let style = style.with_key("rate", |state: &ProgressState, rate: &mut dyn Write| {
        // A rate that cannot be shown is left out.
        let _ = write!(rate, "{:.1}/s", state.per_sec());
    });
    ProgressBar::with_draw_target(total, target).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_are_well_formed_and_json_shows_no_bar() {
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let output = Output::new(&mut results, &mut notes, true);
        for total in [Some(40), None] {
            assert!(progress(&output, total).is_hidden());
        }
    }
}
