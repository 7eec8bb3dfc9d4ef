/// Something that goes wrong; the raw value is its name in rules.
public enum Fault: String, Sendable, CaseIterable {
    /// 429 with Retry-After, before anything is executed.
    case tooManyRequests = "429"
    /// 401 although the keys are right, before anything is executed.
    case unauthorized = "401"
    /// 302 to another address, before anything is executed.
    case redirect = "302"
    /// 500 before anything is executed.
    case serverError = "500"
    /// 503 before anything is executed.
    case unavailable = "503"
    /// Not executed, never answered.
    case timeoutBefore = "timeout-before"
    /// Not executed, the connection is reset.
    case resetBefore = "reset-before"
    /// Executed, then 500.
    case serverErrorAfter = "500-after"
    /// Executed, never answered.
    case timeoutAfter = "timeout-after"
    /// Executed, then the connection is reset.
    case resetAfter = "reset-after"
    /// Executed, and the answer's body drips.
    case slowBody = "slow-body"
    /// Executed, and answered with half a JSON text.
    case malformedJSON = "malformed-json"
    /// Executed, and the answer names every member twice, differently.
    case duplicateKeys = "duplicate-keys"
    /// Executed, and the answer has members that nobody documented.
    case extraFields = "extra-fields"
    /// Executed and answered as always, only later.
    case latency = "latency"

    /// Whether it strikes before anything is executed.
    public var isBeforeExecuting: Bool {
        switch self {
        case .tooManyRequests, .unauthorized, .redirect, .serverError, .unavailable,
            .timeoutBefore, .resetBefore:
            true
        default: false
        }
    }

    /// One line for the help text.
    public var summary: String {
        switch self {
        case .tooManyRequests: "429 with Retry-After (`retry_after`, 1 s); not executed"
        case .unauthorized: "401 although the keys are right; not executed"
        case .redirect: "302 to another address; not executed"
        case .serverError: "500; not executed"
        case .unavailable: "503, with Retry-After if `retry_after` is given; not executed"
        case .timeoutBefore: "not executed, never answered; the connection stays open"
        case .resetBefore: "not executed, the connection is reset (RST)"
        case .serverErrorAfter: "executed, then 500"
        case .timeoutAfter: "executed, never answered; the connection stays open"
        case .resetAfter: "executed, then the connection is reset (RST)"
        case .slowBody: "executed; the body drips for `latency_ms` (10 s)"
        case .malformedJSON: "executed, then half a JSON text"
        case .duplicateKeys: "executed; every member of the answer appears twice"
        case .extraFields: "executed; the answer has members that nobody documented"
        case .latency: "executed and answered, `latency_ms` (1 s) later"
        }
    }
}
