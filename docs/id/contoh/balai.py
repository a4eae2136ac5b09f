"""Sistem sebuah balai: melihat penawaran yang menunggu, menandainya, lalu menerimanya.

Pemakaian: balai.py ALAMAT BERKAS_TOKEN
Token berperan facility_officer dan menyebut lembaganya. Berhenti setelah satu penawaran diterima.
"""

import pathlib
import sys
import uuid

import grpc

sys.path.insert(0, "stub")

from serasi.v1 import offer_pb2, referral_service_pb2, referral_service_pb2_grpc, watch_pb2  # noqa: E402

alamat, berkas_token = sys.argv[1:3]
token = pathlib.Path(berkas_token).read_text().strip()
kartu = [("authorization", f"Bearer {token}")]
MENUNGGU = (offer_pb2.OFFER_STATE_OFFERED, offer_pb2.OFFER_STATE_SEEN)


def baru():
    return str(uuid.uuid4())


with grpc.insecure_channel(alamat) as saluran:
    rujukan = referral_service_pb2_grpc.ReferralServiceStub(saluran)
    pantauan = rujukan.WatchOffers(referral_service_pb2.WatchOffersRequest(), metadata=kartu)
    for kabar in pantauan:
        if kabar.step not in (watch_pb2.WATCH_STEP_SNAPSHOT, watch_pb2.WATCH_STEP_CHANGE):
            continue
        if kabar.offer.state not in MENUNGGU:
            continue
        nomor = kabar.offer.offer_id
        penawaran = rujukan.GetOffer(referral_service_pb2.GetOfferRequest(offer_id=nomor), metadata=kartu).offer
        rujukan.MarkOfferSeen(
            referral_service_pb2.MarkOfferSeenRequest(request_id=baru(), offer_id=nomor), metadata=kartu
        )
        print("diminta:", penawaran.places, "tempat, jawab sebelum", penawaran.expire_time.ToJsonString())
        diterima = rujukan.AcceptOffer(
            referral_service_pb2.AcceptOfferRequest(request_id=baru(), offer_id=nomor), metadata=kartu
        )
        print("penempatan:", diterima.placement.placement_id)
        break
    pantauan.cancel()
