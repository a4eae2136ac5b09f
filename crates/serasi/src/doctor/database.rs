//! What a hub finds in its database: settings, role, schema, keys, time, and what is late.

use serasi_hub::clock::Clock;
use serasi_store::state::{self, State};
use serasi_store::{Sealer, Store, StoreSettings};
use time::{Duration, OffsetDateTime};

use super::Finding;
use crate::host::HostError;
use crate::serve::ServeArgs;

/// Connections of one doctor.
const CONNECTIONS: u32 = 2;
/// Further apart the logs of hub and database cannot be laid side by side, and tokens are taken or refused too long.
const CLOCKS_APART: Duration = Duration::seconds(5);
/// An entry is sealed within about a second, and a deadline is looked at each second.
const LATE: Duration = Duration::minutes(2);

/// Looks at the database that the options name.
pub(super) async fn look(args: &ServeArgs) -> Vec<Finding> {
    let url = match args.host().database.named() {
        Ok(url) => url,
        Err(error) => {
            return vec![Finding::wrong(
                "database",
                error.to_string(),
                "check --database-url-file",
            )];
        }
    };
    let Some(url) = url else {
        return vec![Finding::skipped(
            "database",
            "a private one, which `serasi serve` starts; in production name --database-url",
        )];
    };
    let settings = StoreSettings {
        url,
        max_connections: CONNECTIONS,
    };
    let sealer = if args.is_development() {
        None
    } else {
        args.host().keys.for_production().ok()
    };
    let has_keys = sealer.is_some();
    let store = match Store::connect(&settings, sealer.unwrap_or_else(Sealer::none)).await {
        Ok(store) => store,
        Err(error) => {
            let error = HostError::from(error);
            let to_do = "check the address, the password, pg_hba.conf and the network policy";
            return vec![Finding::wrong("database", error.to_string(), to_do)];
        }
    };
    let findings = look_into(args, &store, has_keys).await;
    store.close().await;
    findings
}

async fn look_into(args: &ServeArgs, store: &Store, has_keys: bool) -> Vec<Finding> {
    let mut findings = vec![];
    match store.pending_migrations().await {
        Ok(0) => findings.push(Finding::good("schema", "up to this release")),
        Ok(pending) => {
            let found = format!("lacks {pending} migrations of this release");
            findings.push(Finding::wrong(
                "schema",
                found,
                "run `serasi migrate` as the owner of the schema",
            ));
            return findings;
        }
        Err(error) => {
            findings.push(failed("schema", error));
            return findings;
        }
    }
    findings.push(match store.excess_rights().await {
        Ok(excess) if excess.is_empty() => Finding::good("role", "a member, and no more"),
        Ok(excess) => Finding::wrong(
            "role",
            excess.join(", "),
            "log in as another role: CREATE ROLE hub LOGIN PASSWORD '...' IN ROLE serasi_app",
        ),
        Err(error) => failed("role", error),
    });
    match store.unsafe_settings().await {
        Ok(found) if found.is_empty() => {
            findings.push(Finding::good("settings", "nothing acknowledged is lost"));
        }
        Ok(found) => findings.extend(found.into_iter().map(|setting| {
            let to_do = format!("set {} to {}", setting.name, setting.wanted);
            Finding::wrong(
                "settings",
                format!("{} is {}", setting.name, setting.value),
                to_do,
            )
        })),
        Err(error) => findings.push(failed("settings", error)),
    }
    findings.push(session_settings(store).await);
    findings.push(if has_keys {
        match store.compare_keys().await {
            Ok(()) => Finding::good("sealed data", "can be opened with these keys"),
            Err(error) => Finding::wrong(
                "sealed data",
                HostError::from(error).to_string(),
                "use the keys this database was sealed with; docs/operate.md says where to look for them",
            ),
        }
    } else {
        Finding::skipped("sealed data", "needs the keys of production")
    });
    match state::read(store).await {
        Ok(state) => findings.extend(of_state(args, &state, Clock::system().now())),
        Err(error) => findings.push(failed("state", error)),
    }
    findings
}

async fn session_settings(store: &Store) -> Finding {
    match store.missing_settings().await {
        Ok(missing) if missing.is_empty() => Finding::good(
            "session settings",
            "nothing waits for ever, and nothing is compiled",
        ),
        Ok(missing) => {
            let (off, set): (Vec<_>, Vec<_>) = missing
                .into_iter()
                .map(|(name, wanted)| (name, format!("SET {name} = '{wanted}'")))
                .unzip();
            let found = format!(
                "not as they should be: {}; a pooler does not hand them on",
                off.join(", ")
            );
            let to_do = format!("ALTER ROLE of the hub: {}", set.join(", "));
            Finding::warning("session settings", found, to_do)
        }
        Err(error) => failed("session settings", error),
    }
}

fn of_state(args: &ServeArgs, state: &State, now: OffsetDateTime) -> Vec<Finding> {
    let apart = (state.at - now).abs();
    let clock = if apart <= CLOCKS_APART {
        Finding::good("clock", format!("{apart:.1} from the database's"))
    } else {
        let found = format!("{apart:.1} from the database's");
        Finding::wrong(
            "clock",
            found,
            "let both machines follow one time server (chrony, systemd-timesyncd)",
        )
    };
    let wanted = args.host().db_connections;
    let left = u32::try_from(state.connections_allowed).unwrap_or(0);
    let connections = if wanted.saturating_mul(2) <= left {
        Finding::good(
            "connections",
            format!("{left} allowed; two replicas take {}", wanted * 2),
        )
    } else {
        Finding::warning(
            "connections",
            format!("{left} allowed; two replicas take {}", wanted.saturating_mul(2)),
            "raise max_connections, lower --db-connections, or put a transaction pooler in between",
        )
    };
    let late = |check, since: Option<OffsetDateTime>, what: &str, to_do: &str| match since {
        Some(since) if state.at - since > LATE => {
            Finding::warning(check, format!("{what} since {since}"), to_do)
        }
        Some(_) | None => Finding::good(check, "nothing is late"),
    };
    let overdue = state.overdue_cases + state.overdue_offers + state.overdue_requests;
    let clocks = if overdue == 0 {
        Finding::good("deadlines", "nothing is late")
    } else {
        let found = format!(
            "passed and not dealt with: {} of cases, {} of offers, {} of requests of persons",
            state.overdue_cases, state.overdue_offers, state.overdue_requests
        );
        Finding::warning(
            "deadlines",
            found,
            "is a hub running? docs/runbook.md, SerasiClocksOverdue",
        )
    };
    vec![
        clock,
        connections,
        late(
            "audit log",
            state.unsealed_since,
            "entries wait for their seal",
            "is a hub running? its log says why entries are not sealed",
        ),
        clocks,
    ]
}

fn failed(check: &'static str, error: serasi_store::StoreError) -> Finding {
    Finding::wrong(
        check,
        HostError::from(error).to_string(),
        "look at the database's log",
    )
}
