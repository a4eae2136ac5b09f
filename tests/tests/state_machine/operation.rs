//! What can be done, and how often it is tried.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use serasi_proto::v1::{
    CancelReason, CloseReason, DeclineReason, DischargeDestination, NoShowReason, Urgency, WithdrawReason,
};

/// Places of the three facilities at the start: total and overflow.
pub(crate) type Start = [(i32, i32); 3];

/// How far a report goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Submission {
    Routed,
    RouteLater,
    WithoutCluster,
}

/// Something done to a case, its latest offer or its placement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CaseOperation {
    Triage,
    Route,
    ResolveDirectly,
    MarkSeen,
    Accept,
    Decline(DeclineReason),
    Withdraw {
        reason: WithdrawReason,
        route_later: bool,
    },
    Expire,
    Admit,
    NoShow(NoShowReason),
    Cancel(CancelReason),
    Discharge(DischargeDestination),
    RequestTransfer,
    CancelTransfer,
    /// The next thing for its stages: something is written down, a stage is signed, the next one begins.
    Work,
    Close(CloseReason),
    Reopen,
    /// Its deadline passes.
    Overdue,
    /// It follows the first other case.
    Link,
    Unlink,
}

/// Which case: one that allows the operation, if there is one, or any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    pub(crate) number: usize,
    pub(crate) fitting: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Submit {
        urgency: Urgency,
        places: i32,
        submission: Submission,
    },
    OnCase(CaseOperation, Pick),
    Report {
        facility: usize,
        total: i32,
        occupied: i32,
        overflow: i32,
    },
    Suspend {
        facility: usize,
    },
    Resume {
        facility: usize,
    },
}

/// The script of a run. It knows no states: what an operation meets, and must do then, the model says.
pub(crate) struct Script;

impl ReferenceStateMachine for Script {
    type State = Start;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Start> {
        prop::array::uniform3((0..4, 0..2)).boxed()
    }

    fn transitions(_: &Start) -> BoxedStrategy<Operation> {
        prop_oneof![
            8 => submit(),
            36 => (case_operation(), pick()).prop_map(|(operation, pick)| Operation::OnCase(operation, pick)),
            3 => (0..3_usize, 0..5, 0..5, 0..3).prop_map(|(facility, total, occupied, overflow)| Operation::Report {
                facility,
                total,
                occupied,
                overflow,
            }),
            1 => (0..3_usize).prop_map(|facility| Operation::Suspend { facility }),
            2 => (0..3_usize).prop_map(|facility| Operation::Resume { facility }),
        ]
        .boxed()
    }

    fn apply(start: Start, _: &Operation) -> Start {
        start
    }
}

fn submit() -> impl Strategy<Value = Operation> {
    let urgency = prop_oneof![
        3 => Just(Urgency::Regular),
        2 => Just(Urgency::Urgent),
        2 => Just(Urgency::Emergency),
    ];
    let submission = prop_oneof![
        6 => Just(Submission::Routed),
        1 => Just(Submission::RouteLater),
        1 => Just(Submission::WithoutCluster),
    ];
    (urgency, 1..4, submission).prop_map(|(urgency, places, submission)| Operation::Submit {
        urgency,
        places,
        submission,
    })
}

fn case_operation() -> impl Strategy<Value = CaseOperation> {
    let withdraw = (
        prop::sample::select(vec![
            WithdrawReason::PersonChangedMind,
            WithdrawReason::SolvedOtherwise,
            WithdrawReason::WrongFacts,
            WithdrawReason::Safety,
            WithdrawReason::Other,
        ]),
        any::<bool>(),
    );
    let decline = prop::sample::select(vec![
        DeclineReason::Full,
        DeclineReason::WrongKind,
        DeclineReason::NotNow,
        DeclineReason::NotEligible,
        DeclineReason::Safety,
        DeclineReason::PersonRefused,
        DeclineReason::Other,
    ]);
    prop_oneof![
        2 => Just(CaseOperation::Triage),
        2 => Just(CaseOperation::Route),
        1 => Just(CaseOperation::ResolveDirectly),
        2 => Just(CaseOperation::MarkSeen),
        6 => Just(CaseOperation::Accept),
        4 => decline.prop_map(CaseOperation::Decline),
        3 => withdraw.prop_map(|(reason, route_later)| CaseOperation::Withdraw { reason, route_later }),
        1 => Just(CaseOperation::Expire),
        4 => Just(CaseOperation::Admit),
        24 => service_operation(),
    ]
}

/// Of placements, stages and endings.
fn service_operation() -> impl Strategy<Value = CaseOperation> {
    let no_show = prop::sample::select(vec![
        NoShowReason::DidNotArrive,
        NoShowReason::PersonRefused,
        NoShowReason::NoTransport,
        NoShowReason::Other,
    ]);
    let cancel = prop::sample::select(vec![
        CancelReason::FacilityCannot,
        CancelReason::PersonChangedMind,
        CancelReason::SolvedOtherwise,
        CancelReason::WrongFacts,
        CancelReason::Safety,
        CancelReason::Other,
    ]);
    let discharge = prop::sample::select(vec![
        DischargeDestination::Family,
        DischargeDestination::OtherFacility,
        DischargeDestination::Independent,
        DischargeDestination::Death,
        DischargeDestination::Left,
    ]);
    let close = prop::sample::select(vec![
        CloseReason::Completed,
        CloseReason::ReferredOut,
        CloseReason::PersonDeclined,
        CloseReason::LostContact,
        CloseReason::Died,
        CloseReason::Unfounded,
        CloseReason::Linked,
        CloseReason::Other,
    ]);
    prop_oneof![
        2 => no_show.prop_map(CaseOperation::NoShow),
        2 => cancel.prop_map(CaseOperation::Cancel),
        3 => discharge.prop_map(CaseOperation::Discharge),
        5 => Just(CaseOperation::RequestTransfer),
        2 => Just(CaseOperation::CancelTransfer),
        3 => Just(CaseOperation::Work),
        1 => close.prop_map(CaseOperation::Close),
        2 => Just(CaseOperation::Reopen),
        1 => Just(CaseOperation::Overdue),
        1 => Just(CaseOperation::Link),
        1 => Just(CaseOperation::Unlink),
    ]
}

fn pick() -> impl Strategy<Value = Pick> {
    (any::<prop::sample::Index>(), prop::bool::weighted(0.8)).prop_map(|(index, fitting)| Pick {
        number: index.index(1_000),
        fitting,
    })
}
