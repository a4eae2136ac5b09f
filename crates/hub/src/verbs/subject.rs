//! Finding the person a verb is about, and what makes access to their data dangerous.

use serasi_domain::case::Case;
use serasi_domain::id::PersonId;
use serasi_domain::routing::ExclusionCause;
use serasi_domain::subject::Danger;
use serasi_proto::v1;
use serasi_store::subjects::Marks;
use serasi_store::{PgConnection, StoreError, cases, exclusions, subjects};

use crate::error::{HubError, Kind};
use crate::unit_of_work::Unit;

/// The case of a person, locked, if the caller may do this to people of it.
pub(super) async fn case_of_person(unit: &mut Unit<'_>, person: PersonId) -> Result<Case, HubError> {
    let found = match subjects::case_of(&mut unit.conn, person).await? {
        Some(case) => cases::get_for_change(&mut unit.conn, case).await?,
        None => None,
    };
    unit.caller.find(Kind::Person, person, found)
}

/// What is known to make access to the data of a person of `case` dangerous.
pub(super) async fn danger(
    conn: &mut PgConnection,
    case: &Case,
    person: PersonId,
) -> Result<Danger, StoreError> {
    let need = &case.facts.need;
    let is_marked = subjects::marks(conn, person).await?.access_endangers;
    let excluded = exclusions::of_case(conn, case.id).await?;
    let is_hiding = !need.excluded_facilities.is_empty()
        || !need.excluded_regions.is_empty()
        || excluded.iter().any(|one| one.cause == ExclusionCause::Safety);
    Ok(Danger { is_marked, is_hiding })
}

/// What is in force now.
pub(super) async fn status(
    conn: &mut PgConnection,
    case: &Case,
    person: PersonId,
) -> Result<v1::SubjectStatus, StoreError> {
    let Marks {
        is_frozen,
        access_endangers,
    } = subjects::marks(conn, person).await?;
    Ok(v1::SubjectStatus {
        person_id: person.to_string(),
        case_id: case.id.to_string(),
        frozen: is_frozen,
        access_endangers,
    })
}
