//! What can be typed, and what is refused before anything is done.

use clap::CommandFactory;

use serasi_proto::v1::{CaseOrder, CaseState, RegionLevel};

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn client_options_may_stand_anywhere() {
    let cli = parse("serasi case list --json --hub http://hub:1 --state waiting,no-candidate").unwrap();
    assert!(cli.client.json);
    assert_eq!(cli.client.hub, "http://hub:1");
    let Command::Case(Case::List(args)) = cli.command else {
        panic!("{:?}", cli.command)
    };
    assert_eq!(args.state, [CaseState::Waiting, CaseState::NoCandidate]);
}

#[test]
fn a_decline_asks_for_what_its_reason_needs() {
    assert!(parse("serasi offer decline 3273-1 --reason full").is_ok());
    assert!(parse("serasi offer decline 3273-1 --reason other").is_err());
    assert!(parse("serasi offer decline 3273-1 --reason not-now").is_err());
    let at = "--retry-at 2026-11-02T08:00:00+07:00";
    assert!(parse(&format!("serasi offer decline 3273-1 --reason not-now {at}")).is_ok());
    assert!(parse("serasi offer decline 3273-1 --reason not-now --retry-at tomorrow").is_err());
    let unknown = parse("serasi offer decline 3273-1 --reason tired").unwrap_err();
    assert!(unknown.to_string().contains("person-refused"), "{unknown}");
}

#[test]
fn a_withdrawal_asks_for_words_when_its_reason_has_none() {
    assert!(parse("serasi offer withdraw 3273-1 --reason safety --route-later").is_ok());
    assert!(parse("serasi offer withdraw 3273-1 --reason other --note words").is_ok());
    assert!(parse("serasi offer withdraw 3273-1 --reason other").is_err());
    assert!(parse("serasi offer withdraw 3273-1").is_err());
}

#[test]
fn breaking_the_glass_asks_for_a_reason_and_words_and_lasts_four_hours_at_most() {
    let why = "--reason danger --text tanpa-nama-mendesak";
    assert!(parse(&format!("serasi break-glass open 3273-1 {why} --minutes 240")).is_ok());
    assert!(parse(&format!("serasi break-glass open 3273-1 {why} --minutes 241")).is_err());
    assert!(parse("serasi break-glass open 3273-1 --reason danger").is_err());
    assert!(parse("serasi break-glass review 3273-1 --text tanpa-nama").is_err());
    assert!(parse("serasi break-glass review 3273-1 --verdict not-justified --text tanpa-nama").is_ok());
    assert!(parse("serasi break-glass list --unreviewed").is_ok());
}

#[test]
fn a_right_is_asked_for_by_somebody_and_an_export_goes_to_a_named_file() {
    assert!(parse("serasi subject request 3273-1 access --by guardian --danger").is_ok());
    assert!(parse("serasi subject request 3273-1 access").is_err());
    assert!(parse("serasi subject request 3273-1 everything --by person").is_err());
    assert!(parse("serasi subject answer 3273-1 --refuse endangers").is_ok());
    assert!(parse("serasi subject answer 3273-1 --refuse tired").is_err());
    assert!(parse("serasi subject export 3273-1").is_err());
    assert!(parse("serasi subject export 3273-1 --out -").is_ok());
    let times = "--from 2026-11-01T00:00:00+07:00 --discovered 2026-11-02T00:00:00+07:00";
    assert!(parse(&format!("serasi subject affected --verb GetCase {times}")).is_ok());
    assert!(parse(&format!("serasi subject affected {times}")).is_err());
}

#[test]
fn a_queue_is_asked_for_by_its_owner() {
    let cli = parse("serasi case list --owner 32.73 --overdue --order queue").unwrap();
    let Command::Case(Case::List(args)) = cli.command else {
        panic!("{:?}", cli.command)
    };
    assert_eq!(args.owner.as_deref(), Some("32.73"));
    assert!(args.overdue && args.order == CaseOrder::Queue);
}

#[test]
fn stated_capacity_is_stated_whole() {
    assert!(parse("serasi offer accept 3273-1").is_ok());
    assert!(parse("serasi offer accept 3273-1 --total 40 --occupied 38 --overflow 4").is_ok());
    assert!(parse("serasi offer accept 3273-1 --total 40").is_err());
    assert!(parse("serasi offer accept 3273-1 --overflow 4").is_err());
}

#[test]
fn the_active_policy_is_shown_unless_a_version_is_named() {
    assert!(parse("serasi policy show").is_ok());
    assert!(parse("serasi policy show P7-2021.2").is_ok());
    assert!(parse("serasi policy activate").is_err());
    assert!(parse("serasi policy create").is_err());
    assert!(parse("serasi route case 3273-1 --use-active-policy").is_ok());
}

#[test]
fn a_report_asks_for_its_time_and_tells_its_columns() {
    let cli =
        parse("serasi insight unmet --from 2026-01 --until 2026-12 --level province --csv x.csv").unwrap();
    let Command::Insight(Insight::Unmet(args)) = cli.command else {
        panic!("{:?}", cli.command)
    };
    assert_eq!(args.extent.level, RegionLevel::Province);
    assert_eq!(args.export.csv, Some(PathBuf::from("x.csv")));
    assert!(parse("serasi insight unmet --from 2026-01").is_err());
    assert!(parse("serasi insight timeliness --until 2026-12-31").is_err());
    let days = "--from 2026-01-01 --until 2026-12-31";
    assert!(parse(&format!("serasi insight truthfulness {days} --limit 9")).is_ok());
    assert!(parse(&format!("serasi insight timeliness {days} --csv x.csv --json")).is_err());
    let help = parse("serasi insight truthfulness --help")
        .unwrap_err()
        .to_string();
    assert!(help.contains("expired_percent"), "{help}");
}

#[test]
fn a_case_is_closed_with_a_reason_and_linked_to_another() {
    assert!(parse("serasi case close 3273-1 --reason referred-out").is_ok());
    assert!(parse("serasi case close 3273-1").is_err());
    assert!(parse("serasi case close 3273-1 --reason other").is_err());
    assert!(parse("serasi case link 3273-1 --to 3273-2").is_ok());
    assert!(parse("serasi case link 3273-1").is_err());
    assert!(parse("serasi case records 3273-1 --kind service-plan,indicators").is_ok());
    assert!(parse("serasi insight indicators --from 2026-01 --until 2026-02 --cluster anak").is_ok());
    assert!(parse("serasi insight stages --from 2026-01-01 --until 2026-02-01").is_ok());
}

#[test]
fn bad_usage_ends_with_two_and_help_with_zero() {
    assert_eq!(parse("serasi offer list").unwrap_err().exit_code(), 2);
    assert_eq!(parse("serasi frobnicate").unwrap_err().exit_code(), 2);
    assert_eq!(parse("serasi --help").unwrap_err().exit_code(), 0);
}

#[test]
fn a_token_on_the_command_line_is_not_shown() {
    let cli = parse("serasi --token secret bench").unwrap();
    assert!(!format!("{cli:?}").contains("secret"));
}

#[test]
fn keys_are_rotated_all_or_by_name_and_a_hold_has_a_reason() {
    let database = "--database-url postgres://db --key-file kek --index-key-file index";
    let Command::Keys(Keys::Rotate(args)) = parse(&format!("serasi keys rotate {database}")).unwrap().command
    else {
        panic!()
    };
    assert!(args.what.is_empty());
    assert!(parse(&format!("serasi keys rotate data index {database}")).is_ok());
    assert!(parse(&format!("serasi keys rotate everything {database}")).is_err());
    assert!(parse("serasi keys status --database-url postgres://db --transit https://vault").is_err());
    assert!(parse("serasi case hold 3273-1 --reason court-order").is_ok());
    assert!(parse("serasi case hold 3273-1").is_err());
}

#[test]
fn a_record_has_its_words_in_a_file_and_an_indicator_its_percentage() {
    let line = "serasi stage record 3273-1 --kind indicators --text - --indicator output=80,impact=60";
    let Command::Stage(Stage::Record(args)) = parse(line).unwrap().command else {
        panic!("{line}")
    };
    assert_eq!(args.indicator.len(), 2);
    assert_eq!(args.indicator[1].achieved_percent, 60);
    for wrong in ["output", "output=much", "luck=80"] {
        let line = format!("serasi stage record 3273-1 --kind indicators --text - --indicator {wrong}");
        assert!(parse(&line).is_err(), "{wrong}");
    }
    assert!(
        parse("serasi stage record 3273-1 --kind service").is_err(),
        "without words"
    );
}

#[test]
fn a_lost_place_asks_for_words_when_its_reason_has_none() {
    assert!(parse("serasi placement no-show 3273-1 --reason did-not-arrive").is_ok());
    assert!(parse("serasi placement no-show 3273-1 --reason other").is_err());
    assert!(parse("serasi placement cancel 3273-1 --reason other --note banjir").is_ok());
    assert!(parse("serasi placement discharge 3273-1").is_err());
}

#[test]
fn the_limit_of_the_server_is_measured_on_a_hub_of_its_own_only() {
    assert!(parse("serasi bench --private --pgbench --clients 64 --bad-share 0.2").is_ok());
    assert!(parse("serasi bench --private --mix day --clients 64").is_ok());
    assert!(
        parse("serasi bench --pgbench").is_err(),
        "somebody's database would be filled"
    );
    assert!(
        parse("serasi bench --bad-share 1").is_err(),
        "nothing good would come"
    );
}
