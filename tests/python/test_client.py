"""The client of client.py, written from the documents alone, against the demo issuer: enrol, pay at a till, top up."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

from client import Authenticator, Refused, Till, Wallet, b64
from demo import Demo

ROOT = Path(__file__).parent.parent.parent
CONTACT = "hanako@example.test"


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class FromTheDocuments(unittest.TestCase):
    """Each test has an issuer of its own, an enrolled wallet and two tills."""

    def setUp(self):
        self.wallet, self.demo = self.enrolled(self.start_issuer())
        self.till, self.other = (Till(self.wallet.issuer, self.demo.till_code(till)) for till in ("t/1001", "t/2002"))

    def start_issuer(self):
        binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "jitsuin-issuer"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        port = free_port()
        url = f"http://localhost:{port}"
        arguments = ["--demo", "--listen", f"127.0.0.1:{port}", "--ledger", f"sqlite:{folder.name}/demo.sqlite"]
        arguments += ["--public-url", url, "--origins", url]
        process = subprocess.Popen([binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        self.addCleanup(process.communicate, timeout=30)
        self.addCleanup(process.send_signal, signal.SIGTERM)
        for line in process.stdout:
            if line.startswith("listening on"):
                return url
        self.fail("the issuer did not start")

    def enrolled(self, url):
        demo = Demo(url)
        wallet = Wallet(url, Authenticator("localhost", url))
        wallet.enrol("hanako", "hanako-password", lambda: demo.digits(CONTACT, 8), "Python")
        return wallet, demo

    def kinds(self):
        return [receipt[6] for receipt, _ in self.wallet.receipts]

    def test_it_enrols(self):
        self.assertEqual((self.kinds(), self.wallet.balance), (["opening", "device-added"], 2000))

    def test_it_pays_once(self):
        code, key = self.wallet.payment_code(), "an-idempotency-key"
        answer = self.till.charge(code, 540, key)
        self.assertEqual((answer["outcome"], answer["amount"]), ("approved", "540"))
        self.assertEqual(self.till.charge(code, 540, key), answer)
        self.assertEqual(self.till.look_up(key), answer)
        again = self.till.charge(code, 540)
        self.assertEqual(again["outcome"], "token-used")
        self.assertEqual(again["used_here"], {name: answer[name] for name in ("payment", "amount", "currency", "at")})
        elsewhere = self.other.charge(code, 540)
        self.assertEqual((elsewhere["outcome"], "used_here" in elsewhere), ("token-used", False))
        self.wallet.sync()
        self.assertEqual(self.wallet.balance, 1460)
        receipt, body = self.wallet.receipts[self.kinds().index("payment")]
        self.assertEqual((receipt[7], receipt[8], body[2], body[4]), (self.wallet.key.public.thumb, 1, 540, "Kado no Mise"))

    def test_a_bound_holds_and_a_changed_code_is_nobodys(self):
        self.assertEqual(self.till.charge(self.wallet.payment_code(most=100), 101)["outcome"], "amount-over")
        code = self.wallet.payment_code()
        changed = code[:-8] + ("A" if code[-8] != "A" else "B") + code[-7:]
        self.assertEqual(self.till.charge(changed, 1)["outcome"], "try-again")
        self.assertEqual(self.till.charge(code, 1)["outcome"], "approved")

    def test_a_till_takes_its_payment_back(self):
        answer = self.till.charge(self.wallet.payment_code(), 540)
        self.assertEqual(self.till.reverse(answer["payment"])["outcome"], "reversed")
        self.wallet.sync()
        self.assertEqual((self.wallet.balance, self.kinds()[-1]), (2000, "refund"))

    def test_it_tops_up_once_its_card_is_proved(self):
        with self.assertRaises(Refused) as refused:
            self.wallet.top_up(5000, "card-1")
        self.assertEqual(refused.exception.code, "card-proof-needed")
        proof = self.wallet.prove_card("card-1")
        self.demo.finish_card_proof(proof, self.demo.digits(CONTACT, 8))
        self.wallet.sync()
        with self.assertRaises(Refused) as refused:
            self.wallet.top_up(30_001, "card-1")
        problem = refused.exception.problem
        self.assertEqual((problem["code"], problem["status"], problem["left"]), ("over-limit", 403, "30000"))
        self.assertEqual(self.wallet.top_up(5000, "card-1"), "done")
        self.assertEqual((self.wallet.balance, self.kinds()[-1]), (7000, "top-up"))

    def test_a_top_up_that_the_network_delivers_twice_is_one(self):
        self.demo.finish_card_proof(self.wallet.prove_card("card-1"), self.demo.digits(CONTACT, 8))
        self.wallet.sync()
        caller, twice = self.wallet.device, []
        send = caller.send

        def deliver(request):
            if request.selector == "/v1/intents/confirm" and not twice:
                twice.append(send(request)["outcome"])
            return send(request)

        caller.send = deliver
        self.assertEqual(self.wallet.top_up(5000, "card-1"), "done")
        self.assertEqual((twice, self.kinds().count("top-up"), self.wallet.balance), (["done"], 1, 7000))

    def test_a_clock_that_was_ahead_costs_one_sync(self):
        self.wallet.offset += 3600
        ahead = self.wallet.payment_code()
        self.wallet.offset -= 3600
        with self.assertRaisesRegex(ValueError, "sync-needed"):
            self.wallet.payment_code()
        self.wallet.sync()
        self.assertEqual(self.till.charge(self.wallet.payment_code(), 540)["outcome"], "approved")
        self.assertEqual(self.till.charge(ahead, 1)["outcome"], "token-expired")

    def test_a_counter_that_it_did_not_count_to_stops_its_codes(self):
        counted = self.wallet.counter
        self.wallet.counter = 5000
        self.wallet.name_counters()
        self.wallet.counter = counted
        self.wallet.sync()
        with self.assertRaisesRegex(ValueError, "rotate-needed"):
            self.wallet.payment_code()

    def test_one_stream_of_news_too_many_ends_the_oldest(self):
        def follow():
            self.wallet.sync()
            answer = self.wallet.channel.post("/v1/news", {"after": 0})
            self.addCleanup(answer.close)
            self.assertIn("newest", json.loads(answer.readline()))
            return answer

        send = self.wallet.channel.send

        def keep_open(request):
            if request.selector == "/v1/news":
                return urllib.request.urlopen(request, timeout=60)
            return send(request)

        self.wallet.channel.send = keep_open
        streams = [follow() for _ in range(9)]
        self.assertEqual(streams[0].readline(), b"")
        self.till.charge(self.wallet.payment_code(), 540)
        for stream in streams[1:]:
            self.assertIn("newest", json.loads(stream.readline()))

    def test_a_body_that_was_changed_or_erased_stops_no_history(self):
        send = self.wallet.channel.send

        def sync_with(body):
            def change(request):
                answer = send(request)
                for item in answer["receipts"]:
                    item["body"] = b64(body)
                return answer

            self.wallet.channel.send = change
            self.wallet.sync()

        payment = self.till.charge(self.wallet.payment_code(), 540)["payment"]
        sync_with(b"")
        self.till.reverse(payment)
        with self.assertRaisesRegex(ValueError, "receipt-forged"):
            sync_with(b"changed")
        sync_with(b"no receipt is left that this could change")
        self.assertEqual([body for _, body in self.wallet.receipts[-2:]], [None, None])
        self.assertEqual((self.wallet.balance, self.kinds()[-2:]), (2000, ["payment", "refund"]))


if __name__ == "__main__":
    unittest.main()
