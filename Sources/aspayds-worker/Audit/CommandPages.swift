import Aspayds
import Contract

/// Names a command by where it was read, in 16 bytes.
struct PageID: Hashable {
    let offset: Int64
    let partition: Int32
    let domain: Domain

    init(_ domain: Domain, partition: Int32, offset: Int64) {
        (self.domain, self.partition, self.offset) = (domain, partition, offset)
    }

    init(_ domain: Domain, _ source: CommandSource) {
        self.init(domain, partition: source.partition, offset: source.offset)
    }
}

/// What is known of a command, in 64 bytes.
struct Page {
    enum Kind: UInt8 {
        case order
        case check
        case hint
        case methods
        case invalid
        /// A forwarded copy: what is known of it stands on the page of what was read first.
        case copy
    }

    /// The last word on a command.
    enum End: UInt8 {
        case none
        case created
        case requested
        case refused
        case expired
        case checked
        case methods
        case deadLettered
    }

    let offset: Int64
    let time: Int64
    let fingerprint: UInt64
    let thousandths: Int64
    /// The digest of the id of what ended it.
    var ending: UInt64 = 0
    let digest: UInt32
    /// The digest of what an answer to it says.
    var answer: UInt32 = 0
    let account: Int32
    var currency: UInt16
    var kind: Kind
    var end = End.none
    var flags: Flags = []

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// Its home is another partition, or it was set aside and put back.
        static let isStray = Flags(rawValue: 1)
        /// A copy of it lies in its home partition.
        static let hasCopy = Flags(rawValue: 2)
        /// The group has passed a copy.
        static let isCopyPassed = Flags(rawValue: 4)
        /// It is said to be in doubt, or in review.
        static let isNamed = Flags(rawValue: 8)
        /// What ended it is an answer to it alone, and says nothing of the reference.
        static let isAnswered = Flags(rawValue: 16)
    }

    var amount: Amount? { kind == .order ? Amount(thousandths: thousandths) : nil }
}

/// The commands of both domains, by where they lie.
struct CommandPages {
    /// Where a command is that somebody names.
    enum Presence {
        case there
        /// It was there before.
        case gone
        /// It never was.
        case never
    }

    /// The pages of a partition, in the order of their offsets.
    private var logs: [LogKey: [Page]] = [:]
    private var origins: [PageID: PageID] = [:]

    private struct LogKey: Hashable {
        let domain: Domain
        let partition: Int32
    }

    mutating func add(_ page: Page, _ id: PageID, copyOf origin: PageID?) {
        logs[LogKey(domain: id.domain, partition: id.partition), default: []].append(page)
        if let origin { origins[id] = origin }
    }

    /// What was read first where a copy lies; itself, where it is none.
    func root(of id: PageID) -> PageID { origins[id] ?? id }

    /// The copies with what they are copies of, in any order.
    var copies: some Sequence<(key: PageID, value: PageID)> { origins }

    /// Every command, partition by partition in its order.
    var all: some Sequence<(id: PageID, page: Page)> {
        let keys = logs.keys.sorted {
            ($0.domain.rawValue, $0.partition) < ($1.domain.rawValue, $1.partition)
        }
        return keys.lazy.flatMap { key in
            (logs[key] ?? []).lazy.map { page in
                (PageID(key.domain, partition: key.partition, offset: page.offset), page)
            }
        }
    }

    subscript(_ id: PageID) -> Page? {
        let log = logs[LogKey(domain: id.domain, partition: id.partition)] ?? []
        return Self.index(of: id.offset, in: log).map { log[$0] }
    }

    /// Changes a page; nothing, where there is none.
    mutating func change(_ id: PageID, _ body: (inout Page) -> Void) {
        let key = LogKey(domain: id.domain, partition: id.partition)
        guard let index = Self.index(of: id.offset, in: logs[key] ?? []) else { return }
        body(&logs[key, default: []][index])
    }

    /// Whether a command is there, given what is read of its partition.
    func presence(of id: PageID, in extent: Extents.Extent?) -> Presence {
        guard let extent, id.offset < extent.end else { return .never }
        let log = logs[LogKey(domain: id.domain, partition: id.partition)] ?? []
        if Self.index(of: id.offset, in: log) != nil { return .there }
        return id.offset < log.first?.offset ?? extent.end ? .gone : .never
    }

    private static func index(of offset: Int64, in log: [Page]) -> Int? {
        var (low, high) = (0, log.count)
        while low < high {
            let middle = (low + high) / 2
            if log[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low < log.count && log[low].offset == offset ? low : nil
    }
}
