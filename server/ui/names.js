// SPDX-License-Identifier: Apache-2.0
// Names of certificates: "CN=Ana, O=City" (RFC 4514), the most specific part first. Read
// character by character, since whoever was certified chose what stands within a value.

const HEX = /^[0-9a-fA-F]{2}$/;
const TYPE = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;

// Octets of UTF-8 as escapes give them; what is none becomes U+FFFD.
function decoded(octets) {
	return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(octets));
}

// The value that begins at a place, and where it ends: at a separator that is not escaped.
function valueAt(text, from) {
	const octets = [];
	const put = (s) => octets.push(...new TextEncoder().encode(s));
	let at = from;
	let kept = 0; // how much of it an escape keeps from being trimmed
	while (at < text.length && !",+".includes(text[at])) {
		const c = String.fromCodePoint(text.codePointAt(at));
		const pair = text.slice(at + 1, at + 3);
		if (c === "\\" && HEX.test(pair)) {
			octets.push(parseInt(pair, 16));
			at += 3;
			kept = octets.length;
		} else if (c === "\\" && at + 1 < text.length) {
			put(String.fromCodePoint(text.codePointAt(at + 1)));
			at += 1 + String.fromCodePoint(text.codePointAt(at + 1)).length;
			kept = octets.length;
		} else {
			put(c);
			at += c.length;
		}
	}
	while (octets.length > kept && octets.at(-1) === 0x20)
		octets.pop(); // before a separator, as " + " has one
	return { value: decoded(octets), end: at };
}

// Type in capitals to value, of several the most specific. It ends where the text is no
// name any more.
export function attributes(text) {
	const found = new Map();
	for (let at = 0; at < text.length;) {
		const equals = text.indexOf("=", at);
		const type = text.slice(at, Math.max(at, equals)).trim();
		if (!TYPE.test(type))
			break;
		const { value, end } = valueAt(text, equals + 1);
		if (!found.has(type.toUpperCase()))
			found.set(type.toUpperCase(), value);
		at = end + 1;
	}
	return found;
}

// Nothing in a name turns the text around it or stays unseen.
function plain(text) {
	return text.replace(/\p{C}/gu, "\ufffd");
}

// Who it is; the text as it stands when it names nobody, "" for none.
export function person(text) {
	const a = attributes(text ?? "");
	const own = [a.get("GIVENNAME") ?? a.get("GN"), a.get("SURNAME") ?? a.get("SN")];
	return plain(a.get("CN") || own.filter(Boolean).join(" ") || a.get("O") || text || "");
}

// "City, RO", without what already stands for the person; "" for none.
export function organisation(text) {
	const a = attributes(text ?? "");
	return [a.get("O") ?? a.get("OU"), a.get("C")].filter(Boolean).map(plain)
		.filter((v) => v !== person(text)).join(", ");
}
