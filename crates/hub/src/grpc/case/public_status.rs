//! GetPublicStatus: asked by anybody, without a token. How often is limited before the code is looked at, so that a
//! refusal says the same about every code.

use serasi_domain::public_code::PublicCode;
use serasi_proto::v1;
use serasi_store::{Context, cases, public_codes};
use tonic::{Request, Response, Status};

use super::CaseHandler;
use crate::error::{HubError, Kind};
use crate::server::Peer;
use crate::wire::{Parse, public_status};

impl CaseHandler {
    pub(super) async fn public_status(
        &self,
        request: Request<v1::GetPublicStatusRequest>,
    ) -> Result<Response<v1::GetPublicStatusResponse>, Status> {
        let peer = request.extensions().get::<Peer>().copied();
        let peer = peer.ok_or(HubError::Bug("a call came past the door"))?;
        self.0.turnstile.pass(peer.address).map_err(HubError::TooFast)?;
        let mut parse = Parse::default();
        let code = parse.id::<PublicCode>("code", &request.get_ref().code);
        let found = self.by_code(parse.finish(code)?).await?;
        Ok(Response::new(found))
    }

    async fn by_code(&self, code: PublicCode) -> Result<v1::GetPublicStatusResponse, HubError> {
        let mut connection = self.0.store.begin(Context::Work).await?;
        let sealer = self.0.store.sealer();
        let case = match public_codes::find(&mut connection, sealer, code).await? {
            Some(id) => cases::get(&mut connection, id).await?,
            None => None,
        };
        let case = case.ok_or_else(|| HubError::not_found(Kind::Case, ""))?;
        Ok(public_status(&case))
    }
}
