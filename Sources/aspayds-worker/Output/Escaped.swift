/// Bytes that came from outside as text for a terminal: what cannot be printed is written as `\n`,
/// `\t`, `\r` or `\xNN`, a backslash as `\\`.
func escaped(
    _ bytes: some Collection<UInt8>,
    with mask: (Unicode.Scalar) -> Unicode.Scalar = { $0 }
) -> String {
    var text = ""
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var rest = bytes[...]
    func escape(_ count: Int) {
        for byte in rest.prefix(count) {
            let digits = String(byte, radix: 16)
            text += byte < 16 ? "\\x0\(digits)" : "\\x\(digits)"
        }
    }
    while true {
        switch parser.parseScalar(from: &iterator) {
        case .valid(let encoded):
            let scalar = Unicode.UTF8.decode(encoded)
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\\": text += "\\\\"
            default:
                if isPrintable(scalar) {
                    text.unicodeScalars.append(mask(scalar))
                } else {
                    escape(encoded.count)
                }
            }
            rest = rest.dropFirst(encoded.count)
        case .error(let length):
            escape(length)
            rest = rest.dropFirst(length)
        case .emptyInput: return text
        }
    }
}
