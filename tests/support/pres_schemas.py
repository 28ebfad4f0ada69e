# SPDX-License-Identifier: Apache-2.0
"""Messages of the JSON binding against the schemas of TS 119 512, where these and the
module jsonschema are at hand."""
import json
import os

from service import SUCCESS

TYPES = {"RetrieveInfo": ("pres-RetrieveInfoType", "pres-RetrieveInfoResponseType"),
         "PreservePO": ("pres-PreservePOType", "pres-PreservePOResponseType"),
         "RetrievePO": ("pres-RetrievePOType", "pres-RetrievePOResponseType"),
         "DeletePO": ("pres-DeletePOType", "pres-ResponseType"),
         "RetrieveTrace": ("pres-RetrieveTraceType", "pres-RetrieveTraceResponseType"),
         "ValidateEvidence": ("pres-ValidateEvidenceType", "pres-ValidateEvidenceResponseType")}


class Schemas:
    """TS 119 512 JSON schema; answers must also have `result` everywhere."""

    def __init__(self):
        import jsonschema
        folder = os.path.join(os.environ.get("LTPS_SCHEMAS", ""), "ts119512", "json")
        self.jsonschema = jsonschema
        name = "19512-Preservation-API-schema-1.1.2.json"
        self.store = {}
        for file in os.listdir(folder):
            with open(os.path.join(folder, file)) as f:
                self.store["file:///" + file] = json.load(f)
        # The published schema names a type that OASIS' file does not hold.
        core = self.store["file:///oasis-dss-core-schema-2.0-cs02.json"]
        core["definitions"].setdefault("dsigrw-DigestMethodType", {})
        self.main = "file:///" + name
        self.definitions = set(self.store[self.main]["definitions"])

    def check(self, name, value):
        resolver = self.jsonschema.RefResolver(self.main, self.store[self.main], self.store)
        schema = {"$ref": f"{self.main}#/definitions/{name}"}
        errors = list(self.jsonschema.Draft4Validator(schema, resolver=resolver).iter_errors(value))
        known = self.store[self.main]["definitions"][name].get("properties", {})
        if isinstance(value, dict):
            errors += [f"unknown member {k}" for k in value if k not in known]
        return [str(getattr(e, "message", e))[:200] for e in errors]

    def exchange(self, operation, message, answer):
        """Problems of both; None for an operation that is not checked."""
        if operation not in TYPES:
            return None
        kind = TYPES[operation][1]
        if answer["result"]["maj"] != SUCCESS:
            kind = "pres-ResponseType"
        return self.check(TYPES[operation][0], message) + self.check(kind, answer)
