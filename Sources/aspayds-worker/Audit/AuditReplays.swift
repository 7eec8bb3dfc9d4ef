import Contract

/// What was set aside and put back: a replay stays the command that it was, and may say more than it
/// did.
struct AuditReplays {
    /// A copy of a command, and the dead letter that it says it comes from.
    struct Copy {
        let id: PageID
        let letter: CommandSource
        /// What it says.
        let page: Page
    }

    /// The replays of a command, by what was read first.
    private(set) var copies: [PageID: [Copy]] = [:]
    /// What was read where each dead letter comes from.
    private var sources: [CommandSource: PageID] = [:]
    /// What was set aside, replays among them.
    private var setAside: Set<PageID> = []

    mutating func add(_ copy: Copy, of root: PageID) { copies[root, default: []].append(copy) }

    mutating func add(deadLetter place: CommandSource, of id: PageID) {
        sources[place] = id
        setAside.insert(id)
    }

    /// Whether a command was replayed at least so often.
    func has(_ count: Int, of root: PageID) -> Bool { copies[root]?.count ?? 0 >= count }

    /// What the dead letter that a replay names was; nil where there is none.
    func source(of letter: CommandSource) -> PageID? { sources[letter] }

    func isSetAside(_ id: PageID) -> Bool { setAside.contains(id) }

    /// Whether a replay has not been set aside in its turn.
    func isOpen(_ root: PageID) -> Bool {
        copies[root]?.contains { !setAside.contains($0.id) } ?? false
    }

    /// The first replay of a command that is a valid one: the owner of its reference goes by that.
    func correction(of root: PageID) -> Page? {
        copies[root]?.first { $0.page.kind != .invalid }?.page
    }
}
