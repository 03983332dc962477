"""cemacqr takes the same merchant-presented codes apart. It counts characters as we do, so all languages are compared."""

import json
import unittest
from pathlib import Path

from cemacqr import QrSyntaxError, crc16_hex, parse_tlv

VECTORS = Path(__file__).parent.parent / "vectors" / "shop-code"
# What its parser of objects refuses by itself; ids, CRC and values are other layers of it or not its business.
SYNTAX = {"bad-length", "truncated"}


def vectors():
    return [json.loads(path.read_text()) for path in sorted(VECTORS.glob("*.json"))]


def tree(text, fields):
    """Its objects in the shape of `fields`: nested exactly where ours are."""
    return {
        found.tag: tree(found.value, {}) if isinstance(fields.get(found.tag), dict) else found.value for found in parse_tlv(text)
    }


class ShopCodes(unittest.TestCase):
    def test_the_same_fields(self):
        good = [vector for vector in vectors() if vector["expect"] == "ok"]
        self.assertGreaterEqual(len(good), 35)
        for vector in good:
            with self.subTest(vector["rule"]):
                self.assertEqual(tree(vector["input"], vector["fields"]), vector["fields"])
                self.assertEqual(crc16_hex(vector["input"][:-4].encode()), vector["input"][-4:])

    def test_the_same_wrong_crcs(self):
        bad = [vector for vector in vectors() if vector["expect"] == "bad-crc"]
        self.assertGreaterEqual(len(bad), 7)
        for vector in bad:
            with self.subTest(vector["rule"]):
                self.assertNotEqual(crc16_hex(vector["input"][:-4].encode()), vector["input"][-4:])

    def test_the_same_broken_rows_at_the_top(self):
        names = []
        for vector in vectors():
            if vector["expect"] not in SYNTAX or "template" in vector["rule"] or vector["rule"] == "length of zero":
                continue
            with self.subTest(vector["rule"]), self.assertRaises(QrSyntaxError):
                parse_tlv(vector["input"])
            names.append(vector["rule"])
        self.assertGreaterEqual(len(names), 3)


if __name__ == "__main__":
    unittest.main()
