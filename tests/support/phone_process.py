"""The inside of ``tests.support.phone``: one pjsua2 softphone, driven by JSON lines on stdin, telling on stdout.

pjsua2 lives in a process of its own because its library is one per process and wants one thread. Every callback runs
inside ``libHandleEvents`` on the main thread; the only other threads are PJMEDIA's own (its clock and its RTP sockets).

In:  ``{"id": 1, "do": "call", ...}``, answered by ``{"reply": 1, "value": ...}`` or ``{"reply": 1, "error": "..."}``.
Out: ``{"event": "call" | "media" | "registration" | "digit" | "text" | ...}`` as they happen.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
import time
from collections.abc import Sequence
from typing import Any

import pjsua2 as pj

POLL_MS = 10
GOODBYE_MS = 800
STATES = {
    pj.PJSIP_INV_STATE_CALLING: "calling",
    pj.PJSIP_INV_STATE_INCOMING: "incoming",
    pj.PJSIP_INV_STATE_EARLY: "ringing",
    pj.PJSIP_INV_STATE_CONNECTING: "connecting",
    pj.PJSIP_INV_STATE_CONFIRMED: "confirmed",
    pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
}
MEDIA = {
    pj.PJSUA_CALL_MEDIA_NONE: "none",
    pj.PJSUA_CALL_MEDIA_ACTIVE: "active",
    pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "local_hold",
    pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "remote_hold",
    pj.PJSUA_CALL_MEDIA_ERROR: "error",
}

SRTP = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "required": pj.PJMEDIA_SRTP_MANDATORY,
}

_told = os.fdopen(os.dup(1), "w")  # PJSIP writes to stdout before its log can be turned off
os.dup2(2, 1)


def tell(**what: Any) -> None:
    _told.write(json.dumps(what) + "\n")
    _told.flush()


class Line(pj.Call):
    """One call of the phone."""

    def __init__(self, phone: Softphone, account: pj.Account, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.phone = phone
        phone.every.append(self)

    def tell(self, event: str, **more: Any) -> None:
        info = self.getInfo()
        tell(
            event=event,
            call=info.id,
            state=STATES.get(info.state, "null"),
            call_id=info.callIdString,
            remote=info.remoteUri,
            local=info.localUri,
            incoming=info.role == pj.PJSIP_ROLE_UAS,
            status=int(info.lastStatusCode),
            reason=info.lastReason,
            **more,
        )

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        self.tell("call")

    def onCallSdpCreated(self, prm: pj.OnCallSdpCreatedParam) -> None:
        """PJSIP never says which packet time it would like."""
        if self.phone.ptime_ms:
            prm.sdp.wholeSdp += f"a=ptime:{self.phone.ptime_ms}\r\n"

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO:
                if media.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD):
                    self.phone.connect(self.getAudioMedia(index))
                self.tell("media", media=MEDIA.get(media.status, "?"))

    def onInstantMessage(self, prm: pj.OnInstantMessageParam) -> None:
        self.tell("text", text=prm.msgBody, kind=prm.contentType)

    def onInstantMessageStatus(self, prm: pj.OnInstantMessageStatusParam) -> None:
        self.tell("text_status", outcome=int(prm.code))

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        self.tell("transfer", transfer=int(prm.statusCode), final=prm.finalNotify)

    def onCallRedirected(self, _prm: pj.OnCallRedirectedParam) -> int:
        return pj.PJSIP_REDIRECT_ACCEPT  # and call there, with the same From and To

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        self.tell("digit", digit=prm.digit)


class Identity(pj.Account):
    """An identity: registered somewhere, or only a From header."""

    def __init__(self, phone: Softphone) -> None:
        super().__init__()
        self.phone = phone

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        info = self.getInfo()
        tell(event="registration", status=int(prm.code), reason=prm.reason, active=info.regIsActive)

    def onMwiInfo(self, prm: pj.OnMwiInfoParam) -> None:
        tell(event="waiting", state=int(prm.state), body=prm.rdata.wholeMsg.partition("\r\n\r\n")[2])

    def onInstantMessage(self, prm: pj.OnInstantMessageParam) -> None:
        tell(event="text", text=prm.msgBody, kind=prm.contentType, writer=prm.fromUri)

    def onInstantMessageStatus(self, prm: pj.OnInstantMessageStatusParam) -> None:
        tell(event="text_status", outcome=int(prm.code))

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        line = Line(self.phone, self, prm.callId)
        self.phone.lines[prm.callId] = line
        line.tell("call")
        asked = self.phone.options.get("obeys") and "answer-after=0" in prm.rdata.wholeMsg
        if self.phone.auto_answer or asked:
            self.phone.unanswered.append(line)  # a final answer inside of this callback would end the call under it


class Watched(pj.Buddy):
    """Somebody whose presence is watched, or who is written to."""

    def onBuddyState(self) -> None:
        info = self.getInfo()
        tell(
            event="presence", uri=info.uri, open=info.presStatus.status == pj.PJSUA_BUDDY_STATUS_ONLINE,
            subscription=info.subStateName, code=int(info.subTermCode),
        )  # fmt: skip


def operation(status: int = 0) -> pj.CallOpParam:
    prm = pj.CallOpParam(True)
    prm.statusCode = status
    return prm


class Softphone:
    """The endpoint, its accounts, its lines, the wav that it plays and the one that it records."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.auto_answer: int = options.get("auto_answer") or 0
        self.ptime_ms = 0  # what it asks for; 0: nothing
        self.lines: dict[int, Line] = {}  # by PJSIP's number of the call, which is used again when the call is over
        self.every: list[Line] = []  # PJSIP cuts the callbacks of the new call when the old one of its number is freed
        self.unanswered: list[Line] = []  # to be answered as soon as the callback is over
        self.accounts: dict[str, Identity] = {}
        self.configs: dict[str, pj.AccountConfig] = {}
        self.watched: dict[str, Watched] = {}
        self.player: pj.AudioMediaPlayer | None = None
        self.tones: pj.ToneGenerator | None = None
        self.recorder: pj.AudioMediaRecorder | None = None
        self.endpoint = self._endpoint()
        self.me = self._account(options["user"], options.get("password"), options.get("registrar"))
        if options.get("play"):
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(options["play"])
        if options.get("record"):
            self.do_record(options["record"])

    def _endpoint(self) -> pj.Endpoint:
        endpoint = pj.Endpoint()
        endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = 16
        config.uaConfig.userAgent = "softphone"
        config.logConfig.consoleLevel = 0
        config.logConfig.level = 4 if self.options.get("log") else 0
        config.logConfig.filename = self.options.get("log") or ""
        media = config.medConfig
        media.clockRate = media.sndClockRate = 16000 if self.options.get("wide") else 8000
        media.ecTailLen = 0
        media.noVad = True
        media.jbInit, media.jbMinPre, media.jbMaxPre, media.jbMax = 40, 20, 80, 200  # ms
        media.sndAutoCloseTime = -1
        endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.port = self.options["port"]
        transport.boundAddress = "127.0.0.1"
        kinds = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}
        if self.options.get("ca"):
            transport.tlsConfig.CaListFile = self.options["ca"]
            transport.tlsConfig.verifyServer = True
        endpoint.transportCreate(kinds[self.options.get("transport", "udp")], transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        wanted = ["G722/16000/1"] if self.options.get("wide") else ["PCMU/8000/1", "PCMA/8000/1"]
        self._rank(endpoint, wanted)
        return endpoint

    def _rank(self, endpoint: pj.Endpoint, wanted: Sequence[str]) -> None:
        for codec in endpoint.codecEnum2():
            rank = 255 - wanted.index(codec.codecId) if codec.codecId in wanted else 0
            endpoint.codecSetPriority(codec.codecId, rank)

    def uri(self, user: str, host: str) -> str:
        transport = self.options.get("transport", "udp")
        return f"sip:{user}@{host}" + ("" if transport == "udp" else f";transport={transport}")

    def _account(self, user: str, password: str | None, registrar: str | None) -> Identity:
        config = pj.AccountConfig()
        home = registrar or f"127.0.0.1:{self.options['port']}"
        config.idUri = f"sip:{user}@{home}"
        if registrar:
            config.regConfig.registrarUri = self.uri("", registrar).replace("sip:@", "sip:")
            config.regConfig.timeoutSec = self.options.get("expires", 120)
            config.regConfig.retryIntervalSec = 0
            config.regConfig.registerOnAdd = True
            config.mwiConfig.enabled = bool(self.options.get("mwi"))
        if password is not None:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        transport = config.mediaConfig.transportConfig
        transport.port, transport.portRange = self.options["rtp"]
        transport.boundAddress = "127.0.0.1"
        self._secure(config, self.options.get("srtp", "off"), ())
        config.mediaConfig.srtpSecureSignaling = int(self.options.get("transport") == "tls")
        if self.options.get("insists"):
            config.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY
            config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
            config.callConfig.timerMinSESec, config.callConfig.timerSessExpiresSec = 90, 90
        account = Identity(self)
        account.create(config, not self.accounts)
        self.accounts[user] = account
        self.configs[user] = config
        return account

    def _secure(self, config: pj.AccountConfig, srtp: str, suites: Sequence[str]) -> None:
        config.mediaConfig.srtpUse = SRTP[srtp]
        config.mediaConfig.srtpOpt.cryptos.clear()
        for suite in suites:
            crypto = pj.SrtpCrypto()
            crypto.name = suite
            config.mediaConfig.srtpOpt.cryptos.append(crypto)

    def connect(self, audio: pj.AudioMedia) -> None:
        if self.player:
            self.player.startTransmit(audio)
        if self.recorder:
            audio.startTransmit(self.recorder)

    # ---- what can be asked: do_<name>(**arguments) -----------------------------------------------------------------

    def do_call(self, to: str, host: str, caller: str | None, headers: dict[str, str]) -> int:
        account = self.me
        if caller and caller not in self.accounts:
            self._account(caller, None, None)
        if caller:
            account = self.accounts[caller]
        line = Line(self, account)
        prm = operation()
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        line.makeCall(self.uri(to, host), prm)
        self.lines[line.getId()] = line
        return int(line.getId())

    def do_answer(self, call: int, status: int = 200) -> None:
        self.lines[call].answer(operation(status))

    def do_codec(self, call: int) -> str:
        """That of its stream, such as ``G722/16000``."""
        found = self.lines[call].getStreamInfo(0)
        return f"{found.codecName}/{found.codecClockRate}"

    def do_hangup(self, call: int, status: int = 0) -> None:
        self.lines[call].hangup(operation(status))

    def do_hold(self, call: int) -> None:
        self.lines[call].setHold(operation())

    def do_resume(self, call: int) -> None:
        prm = operation()
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.lines[call].reinvite(prm)

    def do_renew(self, call: int, move: bool = False) -> None:
        """Offer again what is wanted by now; ``move``: from another port, with other keys."""
        prm = operation()
        if move:
            prm.opt.flag |= pj.PJSUA_CALL_REINIT_MEDIA
        self.lines[call].reinvite(prm)

    def do_codecs(self, wanted: list[str]) -> None:
        """Of what it does from now on; such as ``PCMA/8000/1``, in order."""
        self._rank(self.endpoint, wanted)

    def do_ptime(self, ms: int) -> None:
        """What it asks for from now on; 0: nothing."""
        self.ptime_ms = ms

    def do_srtp(self, srtp: str, suites: list[str]) -> None:
        """Of what it does from now on; no ``suites``: all that it has."""
        config = self.configs[self.options["user"]]
        self._secure(config, srtp, suites)
        self.me.modify(config)

    def do_transfer(self, call: int, to: str, host: str) -> None:
        """Blind."""
        self.lines[call].xfer(self.uri(to, host), operation())

    def do_transfer_to(self, call: int, other: int) -> None:
        """Attended: both of our calls are joined, and we leave."""
        self.lines[call].xferReplaces(self.lines[other], operation())

    def do_dtmf(self, call: int, digits: str, info: bool = False) -> None:
        prm = pj.CallSendDtmfParam()
        prm.digits = digits
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if info else pj.PJSUA_DTMF_METHOD_RFC2833
        prm.duration = 100
        self.lines[call].sendDtmf(prm)

    def do_tones(self, call: int, digits: str) -> None:
        """Keys as tones in the sound."""
        if self.tones is None:
            self.tones = pj.ToneGenerator()
            self.tones.createToneGenerator()
        self.tones.startTransmit(self.lines[call].getAudioMedia(-1))
        keys = pj.ToneDigitVector()
        for digit in digits:
            key = pj.ToneDigit()
            key.digit, key.on_msec, key.off_msec = digit, 80, 80
            keys.append(key)
        self.tones.playDigits(keys)

    def do_rtcp(self, call: int) -> dict[str, float]:
        """What its RTCP knows: packets received, and of ours as the switch reports them; round trip, reports seen."""
        found = self.lines[call].getStreamStat(0).rtcp
        return {
            "received": found.rxStat.pkt,
            "received_lost": found.rxStat.loss,
            "reports": found.txStat.updateCount,
            "sent": found.txStat.pkt,
            "sent_lost": found.txStat.loss,
            "sent_jitter_us": found.txStat.jitterUsec.last,
            "round_trip_us": found.rttUsec.last,
            "round_trips": found.rttUsec.n,
        }

    def do_watch(self, user: str, host: str, subscribe: bool = True) -> None:
        config = pj.BuddyConfig()
        config.uri, config.subscribe = self.uri(user, host), subscribe
        self.watched[user] = Watched()
        self.watched[user].create(self.me, config)

    def do_forget(self, user: str) -> None:
        self.watched[user].subscribePresence(False)

    def do_text(self, to: str, host: str, text: str) -> None:
        """Outside of any call."""
        if to not in self.watched:
            self.do_watch(to, host, False)
        self.watched[to].sendInstantMessage(self._text(text))

    def do_call_text(self, call: int, text: str) -> None:
        self.lines[call].sendInstantMessage(self._text(text))

    def _text(self, text: str) -> pj.SendInstantMessageParam:
        prm = pj.SendInstantMessageParam()
        prm.contentType, prm.content = "text/plain", text
        return prm

    def do_register(self, on: bool = True) -> None:
        self.me.setRegistration(on)

    def do_auto_answer(self, status: int | None) -> None:
        self.auto_answer = status or 0

    def do_record(self, path: str) -> float:
        """From now on record into this file; the one before is closed. When it began, on the machine's own clock."""
        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(path)
        began = time.monotonic()
        for line in self.lines.values():
            if line.isActive() and line.hasMedia():
                info = line.getInfo()  # its media are gone with it
                for index, media in enumerate(info.media):
                    if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                        line.getAudioMedia(index).startTransmit(self.recorder)
        return began

    # ---- the loop --------------------------------------------------------------------------------------------------

    def obey(self, command: dict[str, Any]) -> None:
        serial, verb = command.pop("id"), command.pop("do")
        try:
            tell(reply=serial, value=getattr(self, f"do_{verb}")(**command))
        except pj.Error as error:
            tell(reply=serial, error=error.info())

    def run(self) -> None:
        """Until stdin ends or says quit."""
        os.set_blocking(0, False)
        waiting = selectors.DefaultSelector()
        waiting.register(0, selectors.EVENT_READ)
        pending = b""
        while True:
            self.endpoint.libHandleEvents(POLL_MS)
            while self.unanswered:
                self.unanswered.pop().answer(operation(self.auto_answer or 200))
            if not waiting.select(0):
                continue
            read = os.read(0, 65536)
            if not read:
                return
            *lines, pending = (pending + read).split(b"\n")
            for line in lines:
                command = json.loads(line)
                if command["do"] == "quit":
                    return
                self.obey(command)

    def say_goodbye(self) -> None:
        """Hang up and unregister; wait for the answers, but not for a switch that is gone."""
        self.endpoint.hangupAllCalls()
        registered = bool(self.options.get("registrar")) and self.me.getInfo().regIsActive
        if registered:
            self.me.setRegistration(False)
        for turn in range(GOODBYE_MS // POLL_MS):
            self.endpoint.libHandleEvents(POLL_MS)
            if turn > 10 and not (registered and self.me.getInfo().regIsActive):
                return


def main() -> None:
    phone = Softphone(json.loads(sys.argv[1]))
    tell(event="started")
    phone.run()
    phone.say_goodbye()
    phone.recorder = None  # closes the file
    os._exit(0)  # the interpreter's own end would free pjsua2's objects in the wrong order


if __name__ == "__main__":
    main()
