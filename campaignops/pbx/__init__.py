"""The PBX's open API: address (how to know the PBX), client (HTTP, the only user of httpx), tokens, answer (done | no
effect | unknown), wire (shapes), catalog (names -> ids), session (all of it in the project's words)."""
