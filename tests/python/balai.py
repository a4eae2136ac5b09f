"""A balai's system: watches its offers and keeps an inbox, as docs/events.md asks of those who follow.

Usage: balai.py STUBS ADDRESS TOKEN INBOX
Runs until it is killed, and may be: each line of the inbox is one event with the cursor behind it, written before the next
event is read. The first line is the place where the first watch began.
"""

import os
import sys
import time

import grpc

stubs, address, token, path = sys.argv[1:5]
sys.path.insert(0, stubs)

from serasi.v1 import referral_service_pb2, referral_service_pb2_grpc, watch_pb2  # noqa: E402

PASSES = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
QUICK = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]


def open_inbox():
    """The inbox without a line that a kill has torn, and the cursor of its last whole line."""
    inbox = open(path, "a+b")
    inbox.seek(0)
    kept = inbox.read()
    whole = kept[: kept.rfind(b"\n") + 1]
    inbox.truncate(len(whole))
    lines = whole.decode().splitlines()
    return inbox, lines[-1].split("\t")[-1] if lines else ""


def keep(inbox, *fields):
    inbox.write(("\t".join(fields) + "\n").encode())
    inbox.flush()


inbox, cursor = open_inbox()
while True:
    channel = grpc.insecure_channel(address, options=QUICK)
    referrals = referral_service_pb2_grpc.ReferralServiceStub(channel)
    request = referral_service_pb2.WatchOffersRequest(cursor=cursor)
    try:
        for message in referrals.WatchOffers(request, metadata=[("authorization", f"Bearer {token}")]):
            if message.step == watch_pb2.WATCH_STEP_LIVE and not cursor:
                keep(inbox, "begun", message.cursor)
            elif message.step == watch_pb2.WATCH_STEP_CHANGE:
                offer, event = message.offer, message.event
                keep(inbox, event.event_id, event.kind, offer.offer_id, str(offer.version), message.cursor)
            cursor = message.cursor
    except grpc.RpcError as error:
        if error.code() not in PASSES:
            raise
    channel.close()
    time.sleep(0.05)
